import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { parseXml, requestLimits, type XmlElement } from '../../src/atom/xml.js'

const parse = (document: string | Uint8Array) => parseXml(document, requestLimits)
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Document, line and a part of the reason of each refusal. */
const refused: [what: string, document: string | Uint8Array, reason: RegExp][] = [
  ['nothing', '', /line 1: there is no element/],
  ['only a declaration', '<?xml version="1.0" encoding="UTF-8"?>', /no element/],
  ['plain text', 'hello', /outside the root/],
  ['text after the root', '<a></a>\nhello', /line 1: there is text outside the root/],
  ['text after an empty root', '<a/>hello', /outside the root/],
  ['a reference after the root', '<a/>&amp;', /outside the root/],
  ['a CDATA section after the root', '<a/><![CDATA[x]]>', /outside the root/],
  ['an empty CDATA section before the root', '<![CDATA[]]><a/>', /outside the root/],
  ['a second root', '<a></a>\n\n<b></b>', /line 3: there is a second root/],
  ['a second root after an empty one', '<a/><b/>', /second root/],
  ['an open root', '<a>', /Unclosed tag/],
  ['an open element', '<a><b></a>', /closing tag/],
  ['crossed elements', '<a><b></a></b>', /closing tag/],
  ['an end without beginning', '<a/></a>', /closing tag/i],
  ['an end first', '</a><a/>', /closing tag/i],
  ['an end tag with an attribute', '<a></a b="1">', /is not XML/],
  ['an unfinished tag', '<a', /is not XML/],
  ['an unfinished value', '<a b="1></a>', /is not XML/],
  ['a value without quotation marks', '<a b=1/>', /is not XML/],
  ['an attribute without value', '<a b/>', /is not XML/],
  ['attributes without a blank between', '<a b="1"c="2"/>', /is not XML/],
  ['a repeated attribute', '<a b="1" b="2"/>', /attribute is repeated/],
  ['a repeated __proto__', '<a __proto__="1" __proto__="2"/>', /attribute is repeated/],
  ['an attribute repeated under two prefixes', '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>', /attribute is repeated/],
  ['a "<" in a value', '<a b="<"/>', /is not XML/],
  ['a bare ampersand', '<a>\nb & c</a>', /line 2: .*&/],
  ['a bare ampersand in a value', '<a b="c & d"/>', /&amp;/],
  ['a reference without end', '<a b="&lt"/>', /&amp;/],
  ['an undefined entity', '<a>\n<b>&copy;</b></a>', /line 2: "&copy;"/],
  ['an undefined entity in a value', '<a b="&nbsp;"/>', /"&nbsp;"/],
  ['an entity named as a property', '<a>&constructor;</a>', /"&constructor;"/],
  ['a reference to NUL', '<a>&#0;</a>', /"&#0;"/],
  ['a reference to a control character', '<a>&#x1F;</a>', /"&#x1F;"/],
  ['a reference to half a character', '<a>&#xD800;</a>', /"&#xD800;"/],
  ['a reference to U+FFFE', '<a>&#xFFFE;</a>', /"&#xFFFE;"/],
  ['a reference beyond Unicode', '<a>&#x110000;</a>', /"&#x110000;"/],
  ['a reference of huge size', `<a b="&#${'9'.repeat(400)};"/>`, /is not a reference that XML allows/],
  ['a reference without number', '<a b="&#;"/>', /&amp;/],
  ['a reference with a capital X', '<a b="&#X41;"/>', /"&#X41;"/],
  ['a control character', '<a>\n\n\u0001</a>', /line 3: it has a character that XML forbids/],
  ['NUL', '<a>\0</a>', /forbids/],
  ['half a character', '<a>\uD800</a>', /forbids/],
  ['U+FFFF', '<a>\uFFFF</a>', /forbids/],
  ['"]]>" in text', '<a>]]></a>', /\]\]&gt;/],
  ['a document type', '<!DOCTYPE a><a/>', /document types/],
  ['a document type in small letters', '<!doctype a><a/>', /document types/],
  ['entity definitions', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /document types/],
  ['another declaration', '<a><!ELEMENT b ANY></a>', /is not XML/],
  ['a comment with two hyphens', '<a><!-- b -- c --></a>', /is not XML/],
  ['a comment that ends in three', '<a><!-- b ---></a>', /is not XML/],
  ['an open comment', '<a/><!-- b', /is not XML/],
  ['an open CDATA section', '<a><![CDATA[b</a>', /is not XML/],
  ['an open instruction', '<a><?b </a>', /is not XML/],
  ['an instruction without name', '<a><? b?></a>', /is not XML/],
  ['a declaration inside', '<a><?xml version="1.0"?></a>', /is not XML/],
  ['a declaration after a blank', ' <?xml version="1.0"?><a/>', /is not XML 1.0; its declaration must be at the/],
  ['XML 1.1', '<?xml version="1.1"?><a/>', /is not XML 1.0/],
  ['an encoding that is no name', '<?xml version="1.0" encoding="8859"?><a/>', /is not XML/],
  ['a declaration in wrong order', '<?xml encoding="UTF-8" version="1.0"?><a/>', /is not XML/],
  ['bytes that are not UTF-8', latin1('<a>\xe9</a>'), /UTF-8/],
  ['a prefix that is not bound', '<a>\n<b:c/></a>', /line 2: the prefix of "b:c"/],
  ['an attribute whose prefix is not bound', '<a b:c=""/>', /the prefix of "b:c"/],
  ['a prefix bound elsewhere', '<a><b xmlns:c="u"/><c:d/></a>', /the prefix of "c:d"/],
  ['a prefix named as a property', '<constructor:a/>', /the prefix/],
  ['a prefix bound to nothing', '<a xmlns:b=""/>', /xmlns:b may not be/],
  ['the prefix xmlns', '<xmlns:a/>', /the prefix/],
  ['the prefix xmlns bound', '<a xmlns:xmlns="u"/>', /xmlns:xmlns may not be/],
  ['the prefix xml bound to another', '<a xmlns:xml="u"/>', /xmlns:xml may not be/],
  ['two colons', '<a:b:c xmlns:a="u"/>', /is not XML/],
  ['a name that begins with a digit', '<1a/>', /is not XML/],
  ['a blank that only JavaScript knows', '<a\u1680b="1"/>', /is not XML/],
  ['too deep', `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`, /16 levels/],
  ['too many elements', `<a>${'<b/>'.repeat(500)}</a>`, /500 elements/],
  ['too many attributes', `<a ${Array.from({ length: 33 }, (_, at) => `b${at}=""`).join(' ')}/>`, /32 attributes/],
]

test.each(refused)('%s is refused', (_, document, reason) => {
  expect(() => parse(document)).toThrow(expect.objectContaining({ name: 'Failure', code: 'invalid' }))
  expect(() => parse(document)).toThrow(reason)
})

test('what is refused is refused at once, however long it is', () => {
  const spaces = ' '.repeat(60_000)
  const documents = [
    `<a${spaces}<`,
    `<a ${'b="" '.repeat(10_000)}<`,
    `<a>${'<!-- - '.repeat(9_000)}`,
    `<a b="${spaces}`,
  ]
  const start = performance.now()
  for (const document of documents) expect(() => parse(document)).toThrow('is not XML')
  expect(performance.now() - start).toBeLessThan(1000)
})

test('the limits themselves are allowed', () => {
  const attributes = Array.from({ length: 32 }, (_, at) => `b${at}=""`).join(' ')
  expect(parse(`<a ${attributes}/>`).attributes.size).toBe(32)
  expect(parse(`<a>${'<b/>'.repeat(499)}</a>`).children).toHaveLength(499)
  expect(parse(`${'<a>'.repeat(16)}x${'</a>'.repeat(16)}`).text).toBe('x')
})

const plain = (name: string, text: string): XmlElement => ({
  namespace: '',
  name,
  attributes: new Map(),
  children: [],
  nodes: expect.any(Array) as never,
  text,
  source: expect.any(Function) as never,
})

describe('a parsed document', () => {
  test('namespaces follow their declarations, inwards only', () => {
    const root = parse('<p:a xmlns:p="one" xmlns="two" p:x="1" x="2"><b xmlns="" xmlns:p="three"><p:c/></b><d/></p:a>')
    expect(root).toMatchObject({ namespace: 'one', name: 'a' })
    expect(root.attributes).toEqual(new Map([['{one}x', '1']]).set('x', '2'))
    expect(root.children.map(({ namespace, name }) => [namespace, name])).toEqual([
      ['', 'b'],
      ['two', 'd'],
    ])
    expect(root.children[0]?.children[0]).toMatchObject({ namespace: 'three', name: 'c' })
  })

  test('the prefix xml is bound from the start', () => {
    expect(parse('<a xml:lang="fi"/>').attributes.get('{http://www.w3.org/XML/1998/namespace}lang')).toBe('fi')
  })

  test('text keeps its spaces, digits and order, including descendants', () => {
    expect(parse('<a> 007 <b>0x1F</b>\t1e3 </a>')).toEqual({
      ...plain('a', ' 007 0x1F\t1e3 '),
      children: [plain('b', '0x1F')],
    })
  })

  test('CDATA sections are literal text; comments and instructions are ignored', () => {
    const document = `<?style it's?><!-- " --><a>b<!-- <x> ' -->c<?do it's " > ?><![CDATA[<&amp;]]>d<![CDATA[]]></a><!-- end -->\n<?ok?>`
    expect(parse(document)).toEqual(plain('a', 'bc<&amp;d'))
  })

  test('a document type inside a CDATA section or a comment is text', () => {
    expect(parse('<a><![CDATA[<!DOCTYPE html><b>]]><!-- <!ENTITY c "d"> --></a>')).toEqual(
      plain('a', '<!DOCTYPE html><b>'),
    )
  })

  test('a multi-line comment or instruction does not shift the line numbers of refusals', () => {
    expect(() => parse('<?xml version="1.0"\n?><!--\n\n--><?b\n?>\n<a>\n<b:c/></a>')).toThrow('line 7: the prefix')
  })

  test('every line ending becomes a line feed, and a space in attributes', () => {
    expect(parse('<a\rb="1\r\n2\t3\n4&#10;5">\r\n1\r2&#13;</a>')).toEqual({
      ...plain('a', '\n1\n2\r'),
      attributes: new Map([['b', '1 2 3 4\n5']]),
    })
  })

  test.each([['<b>x</b> &amp; <br/>\n<!-- y --><c d="1 > 2">z<c/></c><![CDATA[</a>]]>'], ['text alone'], ['']])(
    'the source between the tags of an element is kept verbatim: %s',
    (inner) => {
      const root = parse(`<?xml version="1.0"?><r><a e="f>">${inner}</a><a>not this</a></r>`)
      expect(root.children[0]?.source()).toBe(inner)
      expect(parse('<r><a/>x</r>').children[0]?.source()).toBe('')
    },
  )

  test('a byte order mark is skipped at the start of the document only', () => {
    expect(parse(Buffer.from('\uFEFF<?xml version="1.0" encoding="utf-8"?><a>\uFEFF</a>'))).toEqual(
      plain('a', '\uFEFF'),
    )
    expect(parse('\uFEFF<a/>')).toEqual(plain('a', ''))
  })

  test('names of object properties are ordinary names', () => {
    const names = ['constructor', '__proto__', 'prototype', 'hasOwnProperty', 'toString']
    const inner = names.map((name) => `<${name} ${name}="1"/><${name}>x</${name}>`).join('')
    const { children } = parse(`<a>${inner}</a>`)
    expect(children).toEqual(
      names.flatMap((name) => [{ ...plain(name, ''), attributes: new Map([[name, '1']]) }, plain(name, 'x')]),
    )
  })
})

/** Text and attribute of the root element according to a conforming parser; undefined for a refusal. */
function independent(document: string): { text: string; attribute: string | undefined } | undefined {
  const parser = new SaxesParser({ xmlns: true })
  const read = { text: '', attribute: undefined as string | undefined }
  parser.on('error', (error) => {
    throw error
  })
  parser.on('text', (text) => (read.text += text))
  parser.on('opentag', ({ attributes }) => (read.attribute = attributes['b']?.value))
  try {
    parser.write(document).close()
    return read
  } catch {
    return undefined
  }
}

function ours(document: string): ReturnType<typeof independent> {
  try {
    const { text, attributes } = parse(document)
    return { text, attribute: attributes.get('b') }
  } catch {
    return undefined
  }
}

describe('compared with an independent parser', () => {
  const reference = fc.oneof(
    fc.constantFrom(
      '&amp;',
      '&lt;',
      '&gt;',
      '&quot;',
      '&apos;',
      '&amp;lt;',
      '&',
      '&foo;',
      '&#;',
      '&#x;',
      '&lt',
      '&#38;#60;',
    ),
    fc.integer({ min: 0, max: 0x110010 }).map((point) => `&#${point};`),
    fc.integer({ min: 0, max: 0x110010 }).map((point) => `&#x${point.toString(16)};`),
    fc.integer({ min: 1, max: 40 }).map((point) => `&#${point};`),
  )
  const piece = fc.oneof({ weight: 3, arbitrary: reference }, fc.string({ unit: 'binary', maxLength: 4 }))
  const content = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))

  test('references and characters have the same meaning in text and attributes, or both parsers refuse them', () => {
    fc.assert(
      fc.property(content, content, (text, attribute) => {
        const document = `<a b="${attribute}">${text}</a>`
        fc.pre(!/<!/.test(document))
        expect(ours(document)).toEqual(independent(document))
      }),
      { numRuns: 3000 },
    )
  })

  const markup = fc.constantFrom(
    ...['<a>', '</a>', '<a/>', '<b>', '</b>', '<b/>', '<!-- x -->', '<!---->', '<![CDATA[&]]>', "<?p '?>", '<?p?>'],
    ...[
      'x',
      ' ',
      '\n',
      ']]>',
      '&amp;',
      '>',
      '"',
      "<a b='>'>",
      '<a b="/">',
      '<p:a xmlns:p="u"/>',
      '<p:a/>',
      '<a b="&lt;" />',
    ],
  )

  test('a document that it refuses is refused here too', () => {
    const pieces = fc.array(markup, { maxLength: 6 })
    fc.assert(
      fc.property(pieces, fc.boolean(), (pieces, wrapped) => {
        const document = wrapped ? `<r>${pieces.join('')}</r>` : pieces.join('')
        const [mine, theirs] = [ours(document), independent(document)]
        expect(mine === undefined).toBe(theirs === undefined)
      }),
      { numRuns: 5000 },
    )
  })
})
