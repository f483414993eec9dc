/** Names of values that are likely secrets: those that the conventions list (`AWSAccessKeyId`, `Signature`, `sig`, `X-Goog-Signature`), and their like. */
const secret = /pass|pwd|secret|token|key|sig|auth|credential|session|code|jwt/i;

/** A query without what may be a secret: traces are kept elsewhere. @param query without its question mark */
export function redactedQuery(query: string): string {
  return query.replaceAll(/([^&=]+)=([^&]*)/g, (pair, name: string) => (secret.test(name) ? `${name}=REDACTED` : pair));
}
