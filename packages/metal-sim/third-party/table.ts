import type { Outcome } from './measure.js'

/** A line a kernel, as Markdown. */
export const table = (outcomes: readonly Outcome[]): string => {
  const rows = outcomes.map(
    ({ project, kernel, variant, uses, shape, oracle, error, bound, findings, reports, failure }) => [
      project,
      `\`${kernel}\`${variant === '' ? '' : ` (${variant})`}`,
      uses.join(', '),
      shape,
      oracle,
      failure === null ? errorText(error, bound) : 'failed',
      [...new Set(findings.map(({ says }) => says)), ...reports.map(({ kind }) => `not known: ${kind}`)].join('; ')
        || 'none',
    ],
  )
  const heads = ['project', 'kernel', 'uses', 'shape', 'oracle', 'NMSE (bound)', 'findings']
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const errorText = (error: number, bound: number): string => {
  if (Number.isNaN(error)) return 'stopped'
  return `${number(error)} (≤ ${number(bound)})`
}

const number = (value: number): string => (value === 0 ? '0' : value.toExponential(0))
