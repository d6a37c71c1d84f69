/** The shapes of the HTTP API's answers that the UI reads. */
export type Labels = Record<string, string>;

/** Seconds and the number as text, since JSON has no NaN or Inf. */
export type Sample = [number, string];

/** A native histogram, as the server writes it: numbers as text, buckets with their bounds. */
export interface NativeHistogram {
  count: string;
  sum: string;
  buckets?: Array<[number, string, string, string]>;
}

export interface VectorResult {
  resultType: "vector";
  result: Array<{ metric: Labels; value: Sample }>;
}

export interface MatrixResult {
  resultType: "matrix";
  result: Array<{ metric: Labels; values: Sample[] }>;
}

/** What an instant query gives: one of four types. */
export type InstantResult =
  | VectorResult
  | MatrixResult
  | { resultType: "scalar"; result: Sample }
  | { resultType: "string"; result: Sample };

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

/** Data with what the server remarks on them: warnings are about correctness, infos about style. */
export interface Noted<T> {
  data: T;
  warnings: string[];
  infos: string[];
}

export type AlertState = "pending" | "firing" | "resolved" | "unknown";

export interface Alert {
  labels: Labels;
  annotations: { summary?: string; description?: string } & Labels;
  state: AlertState;
  activeAt: string;
  /** Since when it is in its state. */
  changedAt?: string;
  value: string;
  reason?: string;
}

export type RuleState = "inactive" | "pending" | "firing" | "unknown";

/** The condition holds while the query's value is `comparison` the value. */
export interface RuleThreshold {
  query: string;
  comparison: ">" | ">=" | "<" | "<=";
  value: number;
}

export interface Rule {
  name: string;
  state: RuleState;
  query: string;
  /** Seconds for which the condition must hold. */
  duration: number;
  labels: Labels;
  annotations: { summary?: string; description?: string } & Labels;
  /** Only of a rule that compares one query with one number. */
  threshold?: RuleThreshold;
  health: "ok" | "err" | "unknown";
  lastError?: string;
  code?: string;
  failingSince?: string;
  /** Seconds. */
  evaluationTime: number;
  lastEvaluation: string;
}

export interface RuleGroup {
  /** Seconds between evaluations. */
  interval: number;
  rules: Rule[];
}

export interface Target {
  labels: Labels;
  discoveredLabels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets: Array<{ discoveredLabels: Labels }>;
}

export interface BuildInfo {
  version: string;
}

export type Answer<T> =
  | { status: "success"; data: T; warnings?: string[]; infos?: string[] }
  | { status: "error"; errorType: string; error: string; code?: string };

export type Frame =
  | { type: "hello"; version: string; tenant: string }
  | { type: "samples"; series: Array<{ metric: Labels; values: Sample[] }> }
  | { type: "alert"; alert: Alert; transition?: { from: string; to: string; reason: string } }
  | { type: "dropped"; samples: number; alerts?: number };
