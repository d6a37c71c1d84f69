/** The shapes of the HTTP API's answers that the UI reads. */
export type Labels = Record<string, string>;

/** Seconds and the number as text, since JSON has no NaN or Inf. */
export type Sample = [number, string];

export interface VectorResult {
  resultType: "vector";
  result: Array<{ metric: Labels; value: Sample }>;
}

export interface MatrixResult {
  resultType: "matrix";
  result: Array<{ metric: Labels; values: Sample[] }>;
}

export type AlertState = "pending" | "firing" | "resolved";

export interface Alert {
  labels: Labels;
  annotations: { summary?: string; description?: string } & Labels;
  state: AlertState;
  activeAt: string;
  value: string;
  reason?: string;
}

export interface BuildInfo {
  version: string;
}

export type Answer<T> =
  | { status: "success"; data: T; warnings?: string[] }
  | { status: "error"; errorType: string; error: string; code?: string };

export type Frame =
  | { type: "hello"; version: string; tenant: string }
  | { type: "samples"; series: Array<{ metric: Labels; values: Sample[] }> }
  | { type: "alert"; alert: Alert; transition?: { from: string; to: string; reason: string } }
  | { type: "dropped"; samples: number; alerts?: number };
