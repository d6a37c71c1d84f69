export type FailureKind = "unreachable" | "unauthorised" | "refused" | "broken";

/** Why a request gave no data: for people a sentence, for machines the server's stable code. */
export class ApiFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = "ApiFailure";
  }
}

/** What a failure means and what to do about it. */
export function advice(failure: unknown): string {
  if (!(failure instanceof ApiFailure)) return "This is a fault in the page. Reload it; if it comes back, report it.";
  switch (failure.kind) {
    case "unreachable":
      return "Sightline may be restarting or the network is down. The page keeps trying.";
    case "unauthorised":
      return "Sign in with a token that may read.";
    case "refused":
      return "The server understood the request but does not accept it. A shorter time range often helps.";
    case "broken":
      return "The server failed while answering. Its log says more under this code.";
  }
}
