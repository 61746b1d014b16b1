/** Of a select's button that clears it: without the kit's own wish to keep it from keyboard and screen reader. */
export const clearButton = (label: string) => ({ 'aria-label': label, 'aria-hidden': false, tabIndex: 0 });
