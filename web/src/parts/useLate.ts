import { useEffect, useState } from "react";

/** True once something has lasted 200 ms: a skeleton that would only flash is not shown. */
export function useLate(pending: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!pending) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), 200);
    return () => clearTimeout(timer);
  }, [pending]);
  return pending && late;
}
