// What is kept of a statement where it may hold a password. Pure.

const about = /\b(identified|password|secret|credential)/i;
const texts = /'(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.|"")*"?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g;

/** Of a statement that speaks of passwords no text is kept: where in it the secret stands, only the server knows. */
export const withoutSecrets = (statement: string): string =>
  about.test(statement) ? statement.replace(texts, "'***'") : statement;

export const mayHoldSecret = (statement: string): boolean => about.test(statement);
