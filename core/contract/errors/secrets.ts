const secret = /pass(word|phrase|wd)|secret|token|credential|^auth(orization)?$|api[-_]?key|^users$|private[-_]?key/i;
/** The length of the scheme is limited, so that the time of a search depends on the size of the text alone. */
const userInfo = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^/@\s"]+@/gi;

/** The text that replaces a secret. */
export const hidden = "***";

/** Whether an option of this name holds a secret, or a list of them. */
export function isSecretName(key: string): boolean {
  return secret.test(key);
}

/** A text in which no URL has a user and a password. */
export function withoutUserInfo(text: string): string {
  return text.replace(userInfo, `$1${hidden}@`);
}
