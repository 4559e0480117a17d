/** Text that a terminal shows fainter or bolder, unless NO_COLOR (https://no-color.org) or the terminal says otherwise. */
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

type Style = 'dim' | 'bold' | 'green' | 'red' | 'yellow'

/** The text in a style, where the stream is a terminal with colours; `hasColors` looks at NO_COLOR and TERM. */
export function styled(stream: NodeJS.WriteStream, style: Style, text: string): string {
  const terminal = stream as Partial<WriteStream>
  return terminal.isTTY === true && terminal.hasColors?.() === true ? styleText(style, text) : text
}
