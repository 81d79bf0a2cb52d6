import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { networkOf } from '../../src/identity/identity.js'

test.each([
  ['an IPv4 address', '10.0.0.1', '10.0.0.1'],
  ['with a port', '10.0.0.1:4711', '10.0.0.1'],
  ['an IPv4 address in IPv6', '::ffff:10.0.0.1', '10.0.0.1'],
  ['the same in hexadecimal digits', '::FFFF:a00:1', '10.0.0.1'],
  ['an IPv6 address', '2001:db8:0:7::1', '2001:db8:0:7'],
  ['another of its /64', '2001:DB8:0:7:ffff:1:2:3', '2001:db8:0:7'],
  ['with a port', '[2001:db8:0:7::1]:4711', '2001:db8:0:7'],
  ['with a zone', 'fe80::1%eth0', 'fe80:0:0:0'],
  ['with dots at its end', '64:ff9b::10.0.0.1', '64:ff9b:0:0'],
  ['any other text', 'unknown', 'unknown'],
  ['no text', '', ''],
])('the network of %s: %s', (_, address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('every address has a network, and one network has one name', () => {
  const hex = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16))
  fc.assert(
    fc.property(
      fc.array(hex, { minLength: 8, maxLength: 8 }),
      fc.array(hex, { minLength: 4, maxLength: 4 }),
      (one, last) => {
        const other = [...one.slice(0, 4), ...last]
          .map((group) => group.padStart(4, '0'))
          .join(':')
          .toUpperCase()
        fc.pre(isIPv6(other) && one.slice(0, 4).some((group) => group !== '0'))
        expect(networkOf(one.join(':'))).toBe(networkOf(other))
        expect(networkOf(other).split(':')).toHaveLength(4)
      },
    ),
  )
})
