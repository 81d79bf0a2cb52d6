import ts from 'typescript'

/**
 * The titles of the tests and groups of tests in a file.
 *
 * @param text of a test file
 * @param withCodes whether a title keeps the code of its requirement, `Z1: …` or `… (Z1)`
 */
export function titlesIn(text: string, { withCodes = false } = {}): string[] {
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments
      if (title && ts.isStringLiteralLike(title)) titles.push(withCodes ? title.text : withoutCode(title.text))
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest))
  return titles
}

/** Whether a call begins with `test` or `describe`: also `test.each(…)`, `describe.each<…>(…)`. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'test' || callee.text === 'describe'
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) return isTest(callee.expression)
  return false
}

const withoutCode = (title: string) => title.replace(/^[A-Z]\d+: | \([A-Z]\d+\)$/g, '')
