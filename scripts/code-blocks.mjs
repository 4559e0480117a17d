// The fenced code blocks of a Markdown text, as CommonMark sees them: in lists, quotes and behind longer fences too.
// Tests run what they find (`docs/test/code-blocks.test.ts`, the tests of the tarballs).
import MarkdownIt from 'markdown-it'

const markdownIt = new MarkdownIt()

/**
 * The languages whose blocks a test has to run, unless `no-run` stands in the info string.
 */
export const runnableLanguages = ['ts', 'js', 'mjs', 'cjs', 'sh']

/**
 * @param {string} markdown
 * @returns {{ language: string, attributes: string[], code: string, line: number }[]} in the order of the text. `language` is the
 *   first word of the info string without what VitePress appends (`ts{2}`, `ts:line-numbers`), '' where there is none; `attributes`
 *   are the other words (`no-run`, `[label]`); `line` counts from 1 and is that of the first line of `code`.
 */
export function codeBlocks(markdown) {
  return markdownIt
    .parse(markdown, {})
    .filter((token) => token.type === 'fence')
    .map((token) => {
      const [, language, rest] = /^\s*([^\s{:[]*)(.*)$/s.exec(token.info)
      return {
        language: language.toLowerCase(),
        attributes: rest.split(/\s+/).filter((word) => word !== ''),
        code: token.content,
        line: token.map[0] + 2,
      }
    })
}

/** The blocks that a test has to run. */
export function runnableBlocks(markdown) {
  return codeBlocks(markdown).filter(
    ({ language, attributes }) => runnableLanguages.includes(language) && !attributes.includes('no-run'),
  )
}
