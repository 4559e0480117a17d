/** A pattern's groups, those that took no part being undefined, as they are. */
export const match = (pattern: RegExp, text: string): readonly (string | undefined)[] | null => pattern.exec(text)
