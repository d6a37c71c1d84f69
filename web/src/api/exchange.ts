import { ApiFailure } from "./failure";
import { noteAnswer, noteSilence } from "./reachability";
import { readToken } from "./token";

const TIMEOUT_MS = 15_000;

export interface Exchanged {
  status: number;
  body: unknown;
}

/** The only fetch of the UI: a request and the JSON that answers it, whatever its status; undefined where there is no body. */
export async function exchange(path: string, init: RequestInit = {}, signal?: AbortSignal, token = readToken(), patience = TIMEOUT_MS): Promise<Exchanged> {
  const deadline = AbortSignal.timeout(patience);
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      headers: { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(init.headers as Record<string, string> | undefined) },
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (reason) {
    if (signal?.aborted) throw reason;
    noteSilence();
    throw new ApiFailure("unreachable", "The server does not answer.", "server_unreachable");
  }
  let body: unknown;
  try {
    const text = await response.text();
    body = text === "" && response.ok ? undefined : JSON.parse(text);
  } catch (reason) {
    if (signal?.aborted) throw reason;
    if (response.status === 401) body = { error: "A token is needed.", code: "unauthorized" };
    else {
      // A proxy in front of a stopped server answers in its own words.
      noteSilence();
      throw new ApiFailure("unreachable", `Something other than Sightline answered (HTTP ${response.status}).`, "not_sightline");
    }
  }
  noteAnswer(response.status);
  return { status: response.status, body };
}

/** A plain JSON document of an API that has no envelope around its answers. patience: milliseconds that the answer may take. */
export async function fetchDocument<T>(path: string, init: RequestInit = {}, signal?: AbortSignal, patience?: number): Promise<T> {
  const { status, body } = await exchange(path, init, signal, readToken(), patience);
  if (status >= 400) throw refusalOf(status, body);
  return body as T;
}

/** What an answer that is no success says; Alertmanager's API says it in a text, or in an object with a number. */
export function refusalOf(status: number, body: unknown): ApiFailure {
  const said = typeof body === "string" ? { error: body } : (body as { error?: string; message?: string; code?: string | number; errorType?: string });
  const { message, errorType } = said as { message?: string; errorType?: string };
  const error = said.error ?? message;
  const code = "code" in said && typeof said.code === "string" ? said.code : undefined;
  const kind = status === 401 ? "unauthorised" : status >= 500 ? "broken" : "refused";
  return new ApiFailure(kind, error ?? `The server answered ${status}.`, code ?? errorType ?? `http_${status}`);
}
