import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { readAddress } from "../shell/address";
import { readRange } from "../time/range";
import { openLive } from "./liveConnection";

/** Lets every live tick refresh what the page shows; pausing only stops the refreshing, not the socket. */
export function useLive(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return undefined;
    const refresh = (kind: string): void => void client.invalidateQueries({ queryKey: [kind] }, { cancelRefetch: false });
    return openLive({
      onTick() {
        refresh("freshness");
        const range = readRange(readAddress().search);
        if (range.kind === "between" || !range.live) return;
        refresh("range");
        refresh("instant");
      },
      onAlert: () => refresh("alerts"),
    });
  }, [client, enabled]);
}
