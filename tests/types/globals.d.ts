// What the scripts of a page give each other, and what a build writes as scripts for them: pages from a disk can load
// nothing else. What a script says of its own, such as Term, stands in that script.

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A commit as a page names it. */
interface Commit {
  hash: string;
  short: string;
  time: { iso: string; text: string; day: string; clock: string };
  url: string | null;
  worktree: boolean;
}

/** What one campaign has in a column: several are a list, none is null. */
type Cell = string | number | (string | number)[] | null;

/** The columns that are more than their text. */
interface Cells {
  id: string;
  state: string;
  name: string;
  title: string | null;
  step: string | null;
  need: string | null;
  owner: string | string[] | null;
  operator: string | string[] | null;
  output: string | string[] | null;
  ticket: string | string[] | null;
  day_obs: number | number[] | null;
  groups: [accepted: number, all: number, tally: string] | null;
  changed: string | null;
  deadline: string | null;
  awaiting: number | null;
  problems: number | null;
}

type CellOf<Key extends string> = Key extends keyof Cells ? Cells[Key] : Cell;

/** All columns, ready to be sought, sorted and counted: see list-data.js. */
interface Columns {
  count: number;
  fact: (key: string) => Column;
  shown: (key: string) => Column;
  isColumn: (key: string) => boolean;
  find: (terms: Term[], texts: string[] | null) => Uint8Array;
  order: (found: Uint8Array, keys: Key[]) => Uint32Array;
  tally: (found: Uint8Array, key: string) => Map<string | number, number>;
}

/** Makes an element of this class and text. */
type Maker = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  style?: string,
  text?: string,
) => HTMLElementTagNameMap[Tag];

/** A column as list-index.js has it: campledger/pages/content/list_index.py says how. */
interface Packed {
  values: string;
  codes: string;
  width: number;
}

interface Index {
  count: number;
  language: Omit<Language, "me">;
  final: string[];
  columns: Record<string, { label: string; single: boolean; code: boolean; down: boolean }>;
  usual: string[];
  facets: Record<string, string>;
  grouped_by: string[];
  group_states: string[];
  people: Record<string, string>;
  ticket: string | null;
  facts: Record<string, Packed>;
  shown: Record<string, Packed>;
}

/** What the ledger has, for the form: see campledger/pages/content/new_campaign_page.py. Of what is null, everything is allowed. */
interface Ledger {
  schema: Rule;
  left_out: string[];
  modeline: string;
  alphabet: string;
  commit: string | null;
  new_file: string | null;
  productions: string[] | null;
  titles: Record<string, string>;
  people: string[] | null;
  person_names: Record<string, string>;
  butlers: string[];
  instruments: string[] | null;
  sets: string[];
  names: string[];
  starts: string[];
  used: Record<string, string[]>;
}

/** A rule in a JSON Schema, with the words that campaign.schema.json uses. */
interface Rule {
  $schema?: string;
  $id?: string;
  $defs?: Record<string, Rule>;
  $ref?: string;
  title?: string;
  description?: string;
  examples?: unknown[];
  type?: string | string[];
  const?: unknown;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: Rule;
  minItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, Rule>;
  required?: string[];
  additionalProperties?: false | Rule;
}

/** What a campaign, a step and a group have in common, once the schema has let them pass. */
type Part = {
  name?: string;
  operators?: string[];
  data?: {
    butler?: string;
    output?: string;
    run?: string;
    inputs?: string[];
    ancillary?: string[];
    include?: string[];
    exclude?: string[];
  };
  scope?: { instrument?: string; day_obs?: { from?: number; to?: number } };
  plan?: { start?: string; deadline?: string };
};

type Step = Part & { name: string; groups?: Part[] | { template: string; table: string }; prerequisites?: string[] };

type Definition = Part & {
  production?: string; owner?: string; links?: { url: string }[]; steps?: Step[];
  checklist?: { name: string; step?: string }[];
};

interface Window {
  // What a build writes.
  campledgerBuilt?: { commit: Commit | null };
  campledgerIndex?: Index;
  campledgerTexts?: string;
  campledgerLedger: Ledger;
  campledgerDefinition: { id: string; definition: Record<string, Json>; files: string[] };

  // What scripts give each other.
  campledgerCheck: {
    findings: (definition: Definition, schema: Rule, ledger: Ledger) => Finding[];
    resolved: (rule: Rule, root: Rule) => Rule;
  };
  campledgerQuery: {
    parse: (expression: string, language: Language) => Term[];
    holds: (one: Term, found: Values) => boolean;
    near: (word: string, known: string[]) => string;
    quoted: (value: string | number) => string;
  };
  campledgerData: {
    open: (index: Index) => Columns;
    listed: <T>(value: T | T[] | null | undefined) => T[];
  };
  campledgerCells: {
    cells: (data: Columns, index: Index) => {
      fill: (cell: HTMLElement, key: string, row: number) => void;
      value: <Key extends string>(key: Key, row: number) => CellOf<Key>;
      nameOf: (handle: string) => string;
    };
    days: (bounds: Values) => string;
    element: Maker;
    sign: () => HTMLElement;
  };
  campledgerRows: {
    attach: (
      table: HTMLTableElement,
      scroller: HTMLElement,
      make: (item: number, place: number) => HTMLTableRowElement,
    ) => {
      set: (shown: Int32Array, toTop: boolean) => void;
      reveal: (at: number) => HTMLElement;
      placeOf: (row: Element) => number;
      body: HTMLTableSectionElement;
      length: () => number;
    };
  };
  campledgerCompletion: {
    suggest: (
      before: string,
      attributes: Record<string, string>,
      valuesOf: (key: string) => Known[],
      choices: Record<string, string[]>,
    ) => Suggestion[];
    attach: (input: HTMLInputElement, list: HTMLElement, offer: (before: string) => Suggestion[]) => void;
  };
  campledgerPage: {
    copy: (text: string) => Promise<void>;
    moment: (iso: string) => (Node | string)[];
    deadline: (day: string, counts: boolean) => (Node | string)[];
  };
  campledgerFields: {
    fields: (rule: Rule, path: string[], form: Form, without?: readonly string[]) => Field;
    make: Maker;
  };
  campledgerYaml: { format: (value: Record<string, Json>) => string };
}
