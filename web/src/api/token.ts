/** The API token lives as long as the browser tab. */
const KEY = "sightline.token";

export const readToken = (): string | null => sessionStorage.getItem(KEY);
export const storeToken = (token: string): void => sessionStorage.setItem(KEY, token);
export const forgetToken = (): void => sessionStorage.removeItem(KEY);

/** WebSockets carry no headers, so the token travels as a subprotocol. */
export function socketProtocols(token: string | null): string[] {
  if (token === null) return ["sightline.v1"];
  const bytes = String.fromCharCode(...new TextEncoder().encode(token));
  const base64url = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return ["sightline.v1", `bearer.${base64url}`];
}
