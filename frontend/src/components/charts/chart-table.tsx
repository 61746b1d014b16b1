'use client';

import { Table } from '@mantine/core';

export interface ChartTableProps {
  head: string[];
  rows: { key: string; cells: string[] }[];
}

/** The numbers of a chart. */
export function ChartTable({ head, rows }: ChartTableProps) {
  return (
    <Table.ScrollContainer minWidth={240} maxHeight={320} mt="xs">
      <Table stickyHeader striped>
        <Table.Thead>
          <Table.Tr>
            {head.map((cell) => (
              <Table.Th key={cell}>{cell}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              {row.cells.map((cell, index) => (
                <Table.Td key={head[index]}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
