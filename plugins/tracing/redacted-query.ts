/** Names of probable secrets: those in the conventions (`AWSAccessKeyId`, `Signature`, `sig`, `X-Goog-Signature`), and similar names. */
const secret = /pass|pwd|secret|token|key|sig|auth|credential|session|code|jwt/i;

/** The query with probable secrets replaced, since traces leave this machine. @param query without its question mark */
export function redactedQuery(query: string): string {
  return query.split("&").map(redactedPair).join("&");
}

function redactedPair(pair: string): string {
  const end = pair.indexOf("=");
  const name = pair.slice(0, Math.max(0, end));
  return secret.test(name) ? `${name}=REDACTED` : pair;
}
