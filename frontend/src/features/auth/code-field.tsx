import { TextInput, type TextInputProps } from '@mantine/core';

/** A code of digits: one field, so that it can be pasted, filled in by the browser, and read out as one. */
export function CodeField(props: TextInputProps) {
  return (
    <TextInput
      inputMode="numeric"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      required
      withAsterisk={false}
      {...props}
    />
  );
}
