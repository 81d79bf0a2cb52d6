/** Like `test`; without the program, the title says so. */
export function testWith(program: string | undefined, name: string, run: (program: string) => Promise<void>): void {
  if (program !== undefined) return test(name, () => run(program))
  process.stderr.write(`not tested here, as the program is not installed: ${name}\n`)
}
