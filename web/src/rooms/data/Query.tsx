// A query as it is shown: coloured once the language has come, plain until then; and copied.

import { ActionIcon } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useDeeds } from "./deeds";
import type { Word } from "./language";
import type { Dialect } from "./sources";

/** See the module. */
export function Query({ query, dialect }: { readonly query: string; readonly dialect: Dialect }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const [words, setWords] = useState<readonly Word[] | null>(null);
  useEffect(() => {
    let gone = false;
    setWords(null);
    import("./language").then(
      ({ wordsOf }) => gone || setWords(wordsOf(query, dialect)),
      () => undefined, // it stays plain
    );
    return () => {
      gone = true;
    };
  }, [query, dialect]);
  return (
    <div className="q-query">
      <pre tabIndex={0} aria-label={t("query.title")}>
        <code>
          {words === null
            ? query
            : words.map((word, index) => (
                // Words have no names but their places.
                // eslint-disable-next-line react/no-array-index-key
                <span key={index} className={word.class}>
                  {word.text}
                </span>
              ))}
        </code>
      </pre>
      <ActionIcon aria-label={t("query.copy")} onClick={() => void deeds.copy(query, t("query.copied"))}>
        <IconCopy size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}
