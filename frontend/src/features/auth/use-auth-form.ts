import { useForm } from '@mantine/form';
import { useMounted } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { flushSync } from 'react-dom';
import type * as z from 'zod/mini';
import type { Reply } from './post';

export interface Failure {
  code: string;
  retryAfterSeconds: number | null;
}

/** Failures that are about one field are told at that field. */
const FIELD_OF: Record<string, string> = { invalid_code: 'code', invalid_password: 'password' };

interface Options<Values extends Record<string, string>, Data> {
  initialValues: Values;
  schema: z.ZodMiniType<Values, Values>;
  /** Message of a field's error, by its name in the catalogue. */
  message: (name: string) => string;
  send: (values: Values) => Promise<Reply<Data>>;
  done: (data: Data, values: Values) => void;
}

/**
 * A form that reads what is really in its fields (also what was typed or filled in before the script ran), can't be sent
 * before there is a script to send it, puts the cursor into the first field that is wrong, and stays busy after success,
 * while the browser leaves for the next page.
 */
export function useAuthForm<Values extends Record<string, string>, Data>(options: Options<Values, Data>) {
  const { schema, message, send, done } = options;
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues: options.initialValues });
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const listening = useMounted();

  const showErrors = (errors: Record<string, string>) => {
    flushSync(() => {
      setBusy(false);
      setFailure(null);
      form.setErrors(errors);
    });
    const first = Object.keys(options.initialValues).find((name) => name in errors);
    if (first) form.getInputNode(first)?.focus();
  };

  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const element = event.currentTarget;
    const parsed = schema.safeParse(Object.fromEntries(new FormData(element)));
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message: name }) => [String(path[0]), message(name)] as const);
      return showErrors(Object.fromEntries(issues.reverse()));
    }
    form.clearErrors();
    setFailure(null);
    setBusy(true);
    const reply = await send(parsed.data);
    if (reply.ok) return done(reply.data, parsed.data);
    const field = FIELD_OF[reply.code];
    if (field && field in options.initialValues) return showErrors({ [field]: message(reply.code) });
    flushSync(() => {
      setBusy(false);
      setFailure({ code: reply.code, retryAfterSeconds: reply.retryAfterSeconds });
    });
    const last = Object.keys(options.initialValues).at(-1);
    if (last) form.getInputNode(last)?.focus();
  };

  return {
    failure,
    /** A post without script ends at the proxy, never in the address bar. */
    formProps: { method: 'post', noValidate: true, onSubmit } as const,
    /** Disabled, it also keeps Enter from sending: a post that nobody hears would show the form anew, and empty. */
    submitProps: { type: 'submit', loading: busy, disabled: !listening } as const,
    field: (name: Extract<keyof Values, string>) => ({ name, ...form.getInputProps(name), disabled: false }),
  };
}
