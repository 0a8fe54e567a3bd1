// What the scripts of a page give each other.
interface Window {
  campledgerIndex: any;
  campledgerTexts: string;
  campledgerQuery: any;
  campledgerData: any;
  campledgerCells: any;
  campledgerRows: any;
  campledgerCompletion: any;
  campledgerPage: any;
}
