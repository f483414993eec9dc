const key = "sluice-token";

/**
 * The token that was printed with the page's address. It comes in the fragment, which no server is sent, and stays in this tab: the address bar
 * is cleared, so that it is in no bookmark and in no picture of the screen.
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
