import { Component, type ReactNode } from "react";
import { Failure } from "../parts/Failure";

interface State {
  failure: unknown;
}

/** Catches a page's fault; the shell gives it the path as key, so going elsewhere clears it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failure: null };

  static getDerivedStateFromError(failure: unknown): State {
    return { failure };
  }

  override render(): ReactNode {
    return this.state.failure === null ? this.props.children : <Failure failure={this.state.failure} />;
  }
}
