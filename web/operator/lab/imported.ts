/** Whether a book holds use from elsewhere, which no page but the lab knows. */
export const isImported = (book: string): boolean => book.startsWith('import:');
