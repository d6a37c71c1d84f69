import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

export interface Work {
  busy: boolean;
  problem: Error | null;
  forget: () => void;
  /** Does something that changes what the server has; gives whether it worked. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** What is done at the server on somebody's behalf: one thing at a time, its failure kept to be said; `changes` is asked anew. */
export function useWork(changes: string): Work {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      await client.invalidateQueries({ queryKey: [changes] });
      return true;
    } catch (reason) {
      setProblem(reason instanceof Error ? reason : new Error(String(reason)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, forget: () => setProblem(null), attempt };
}
