const key = "sluice-token";

/**
 * The token that was printed with the page's address. It comes in the fragment, which browsers do not send to a server, and stays in this tab. The
 * address bar is cleared, so that the token is not in a bookmark or a screenshot.
 */
export function takeToken(): string | undefined {
  const given = new URLSearchParams(location.hash.replace(/^#/, "")).get("token");
  if (given !== null) {
    sessionStorage.setItem(key, given);
    history.replaceState(undefined, "", `${location.pathname}#/`);
  }
  return sessionStorage.getItem(key) ?? undefined;
}

export function saveToken(token: string): void {
  sessionStorage.setItem(key, token);
}
