import { useEffect } from "react";
import { createStore, useStore } from "../live/store";
import { subjectWord, type Route } from "./routes";

/** Names of subjects that the address has numbers for, by section and number: only their page knows them. */
const names = createStore<Readonly<Record<string, string>>>({});

const keyOf = (path: string, subject: string): string => `${path}/${subject}`;

/** Lets the subject of the present page be read by its name, wherever the address says its number. */
export function useNamedSubject(path: string, subject: string, name: string | undefined): void {
  useEffect(() => {
    if (name) names.set({ ...names.get(), [keyOf(path, subject)]: name });
  }, [path, subject, name]);
}

/** What the subject of a route is called where one reads it. */
export function useSubjectWord(route: Route | null): string | null {
  const known = useStore(names);
  if (route === null || route.subject === null) return null;
  return known[keyOf(route.section.path, route.subject)] ?? subjectWord(route);
}
