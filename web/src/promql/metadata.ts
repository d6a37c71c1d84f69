import { useQuery } from "@tanstack/react-query";
import { fetchMetadata } from "../api/api";
import { ApiFailure } from "../api/failure";
import type { MetricMetadata } from "../api/responses";

export type Metadata = Record<string, MetricMetadata[]>;

/** What is known of metrics by name; nothing where the server keeps no metadata. */
export async function loadMetadata(signal?: AbortSignal): Promise<Metadata> {
  try {
    return await fetchMetadata(signal);
  } catch (failure) {
    if (failure instanceof ApiFailure && failure.code === "not_found") return {};
    throw failure;
  }
}

export function useMetadata(): Metadata | undefined {
  return useQuery({ queryKey: ["metadata"], queryFn: ({ signal }) => loadMetadata(signal), staleTime: 60_000 }).data;
}

/** A metric's own entry, or its family's: `x_seconds_bucket` belongs to `x_seconds`. */
export function metadataOf(metadata: Metadata | undefined, name: string): MetricMetadata | null {
  return (metadata?.[name] ?? metadata?.[name.replace(/_(bucket|sum|count|total)$/, "")])?.[0] ?? null;
}

/** A metric's type from its metadata, else from the customs of names; null when neither says. */
export function typeOf(metadata: Metadata | undefined, name: string): string | null {
  const known = metadataOf(metadata, name)?.type;
  if (known && known !== "unknown" && known !== "untyped") return known;
  if (name.endsWith("_bucket")) return "histogram";
  return /_(total|sum|count)$/.test(name) ? "counter" : null;
}
