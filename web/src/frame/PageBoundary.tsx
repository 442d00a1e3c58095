// Where a page breaks, only the page breaks: what happened, a way to load it again, and a copy for a report.

import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "./ErrorCard";

interface Props {
  /** Another address begins anew. */
  readonly path: string;
  readonly children: ReactNode;
}

interface State {
  readonly error: unknown;
  readonly path: string;
}

const WHOLE = Symbol("whole");

/** See the module. */
export class PageBoundary extends Component<Props, State> {
  override state: State = { error: WHOLE, path: this.props.path };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.path === state.path ? null : { error: WHOLE, path: props.path };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === WHOLE ? this.props.children : <Broken error={error} onAgain={() => this.setState({ error: WHOLE })} />;
  }
}

function Broken({ error, onAgain }: { readonly error: unknown; readonly onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="g-room">
      <ErrorCard title={t("error.page")} error={error} onRetry={onAgain}>
        <p className="g-quiet">{t("error.page_kept")}</p>
        <div className="g-row">
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => window.location.reload()}>
            {t("error.reload")}
          </Button>
        </div>
      </ErrorCard>
    </div>
  );
}
