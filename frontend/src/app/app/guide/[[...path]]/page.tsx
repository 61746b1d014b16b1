import { Card, Typography } from '@mantine/core';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { readChapter } from '@/server/guide';
import classes from './page.module.css';

type Params = Promise<{ path?: string[] }>;

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  return { title: (await readChapter((await params).path ?? []))?.title ?? 'Ajuda' };
}

export default async function Page({ params }: { params: Params }) {
  const chapter = await readChapter((await params).path ?? []);
  if (!chapter) notFound();
  return (
    <Card padding="lg" component="article" maw={960}>
      <Typography className={classes.text}>
        <div
          // Our own documentation, from docs/guia.
          dangerouslySetInnerHTML={{ __html: chapter.html }}
        />
      </Typography>
    </Card>
  );
}
