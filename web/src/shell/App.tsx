import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { reachability } from "../api/reachability";
import { useStorePart } from "../live/store";
import { useLive } from "../live/useLive";
import { theme } from "../theme/theme";
import { Shell } from "./Shell";
import { TokenForm } from "./TokenForm";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Live ticks ask again anyway; a retry on top would only pile up while the server is gone.
      retry: false,
      networkMode: "always",
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      staleTime: 2_000,
      gcTime: 300_000,
    },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Door />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Either the UI or, where the server asks for one, the form for a token. */
function Door() {
  const locked = useStorePart(reachability, (state) => state.locked);
  const reachable = useStorePart(reachability, (state) => state.reachable);
  useLive(!locked);
  useEffect(() => {
    // The server is back: whatever failed meanwhile is asked again, the gaps fill.
    if (reachable && !locked) void client.invalidateQueries();
  }, [reachable, locked]);
  return locked ? <TokenForm /> : <Shell />;
}
