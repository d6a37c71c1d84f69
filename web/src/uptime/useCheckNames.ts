import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../api/exchange";

/** A check as other pages name it. */
export interface NamedCheck {
  id: number;
  name: string;
  group: string;
  tags: Record<string, string>;
}

/** The check that a label names; nothing where there is none of that name. */
export function useCheckNamed(name: string | undefined): NamedCheck | undefined {
  return useCheckNames(name !== undefined).data?.find((one) => one.name === name);
}

/** All checks by name: what they are called hardly changes, so they are asked rarely. */
export function useCheckNames(enabled = true): UseQueryResult<NamedCheck[]> {
  return useQuery({
    queryKey: ["checks", "names"],
    queryFn: async ({ signal }) => {
      const { checks } = await fetchDocument<{ checks: NamedCheck[] }>("/api/v1/checks?view=list", {}, signal);
      return checks.map(({ id, name, group, tags }) => ({ id, name, group, tags })).sort((a, b) => a.name.localeCompare(b.name));
    },
    enabled,
    staleTime: 60_000,
  });
}
