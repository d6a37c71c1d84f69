import { Button, PasswordInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { buildInfo } from "../api/api";
import { ApiFailure } from "../api/failure";
import { forgetToken, readToken, storeToken } from "../api/token";
import { KeyIcon } from "../parts/icons";
import styles from "./TokenForm.module.css";

/** Asks for the token that the server wants; the first accepted request opens the UI again. */
export function TokenForm() {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(() => (readToken() ? "The token is no longer accepted. Enter a valid one." : null));

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const entered = token.trim();
    if (entered === "") {
      setProblem("Enter a token.");
      return;
    }
    setBusy(true);
    // Stored first: an accepted answer opens the UI at once, and it must find the token.
    storeToken(entered);
    try {
      await buildInfo();
    } catch (failure) {
      forgetToken();
      const refused = failure instanceof ApiFailure && failure.kind === "unauthorised";
      const code = failure instanceof ApiFailure ? ` (${failure.code})` : "";
      setProblem(refused ? `This token is not accepted${code}. Check for missing characters.` : `The server does not answer${code}. Try again in a moment.`);
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <KeyIcon className={styles.icon} />
        <h1>This Sightline asks for a token</h1>
        <p className={styles.text}>
          It stands in the file that the server was given as <code>--token-file</code>. This browser tab keeps it and
          forgets it when closed.
        </p>
        <PasswordInput
          label="Access token"
          value={token}
          onChange={(event) => {
            setToken(event.currentTarget.value);
            setProblem(null);
          }}
          error={problem}
          autoComplete="current-password"
          spellCheck={false}
          data-autofocus
          autoFocus
        />
        <Button type="submit" disabled={busy}>{busy ? "Checking…" : "Open Sightline"}</Button>
      </form>
    </main>
  );
}
