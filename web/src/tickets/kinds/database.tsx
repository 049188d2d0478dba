// An account on a database server: where, and to do what there.
"use client";
import { Alert, Button, Checkbox, Group, Select, Stack, Table, Text } from "@mantine/core";
import { type Place, type Privilege, placesMax, privileges } from "@sallyport/hub/databases/input";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AskedOf, Requestable } from "../../api/types.ts";
import { displayText } from "../../ui/display-text.ts";
import { Facts } from "../../ui/facts.tsx";
import { RequestableSelect } from "../requestable-select.tsx";
import classes from "../tickets.module.css";
import { CatalogueSelect, type Chosen, useCatalogue } from "./catalogue-select.tsx";
import { DatabaseAccount } from "./database-account.tsx";
import type { AskableView, FieldsProps } from "./kind.ts";
import { struck } from "./struck.tsx";

interface Draft {
  asset: Requestable | null;
  places: Place[];
}

const keyOf = ({ database, schema, table }: Place): string => JSON.stringify([database, schema, table]);
const samePlace = (one: Place, other: Place): boolean => keyOf(one) === keyOf(other);

/** Later ones of a place add to it. */
function joined(places: readonly Place[], more: readonly Place[]): Place[] {
  const all = new Map(places.map((place) => [keyOf(place), place]));
  for (const place of more) {
    const before = all.get(keyOf(place))?.privileges ?? [];
    const both = privileges.filter((each) => before.includes(each) || place.privileges.includes(each));
    all.set(keyOf(place), { ...place, privileges: both });
  }
  return [...all.values()];
}

function PlaceName({ place: { database, schema, table, privileges: may } }: { place: Place }) {
  const { t } = useTranslation();
  const everything = t(may.every((each) => each === "execute") ? "databases.allRoutines" : "databases.allTables");
  return (
    <>
      {[database, ...(schema === null ? [] : [schema])].map((name) => displayText(name)).join(" · ")}
      {" · "}
      {table === null ? <em>{everything}</em> : displayText(table)}
    </>
  );
}

function DatabaseFields({ draft, onChange, wrong }: FieldsProps<Draft>) {
  const { t } = useTranslation();
  const { asset, places } = draft;
  return (
    <>
      <RequestableSelect
        kind="database"
        label={t("databases.server")}
        chosen={asset === null ? [] : [asset]}
        // Another server has other tables.
        onChange={(chosen) => onChange({ asset: chosen.at(-1) ?? null, places: chosen.at(-1)?.id === asset?.id ? places : [] })}
        error={wrong("assetId")}
      />
      {asset !== null && (
        <PlaceFields
          key={asset.id}
          assetId={asset.id}
          full={places.length >= placesMax}
          onAdd={(more) => onChange({ ...draft, places: joined(places, more).slice(0, placesMax) })}
        />
      )}
      {wrong("places") !== undefined && asset !== null && (
        <Text size="sm" c="red" role="alert">
          {t("databases.addFirst")}
        </Text>
      )}
      {places.length > 0 && (
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Tbody>
              {places.map((place) => (
                <Table.Tr key={keyOf(place)}>
                  <Table.Td className={classes.place}>
                    <PlaceName place={place} />
                  </Table.Td>
                  <Table.Td>{place.privileges.map((each) => t(`databasePrivilege.${each}`)).join(t("list.comma"))}</Table.Td>
                  <Table.Td w={50}>
                    <Button
                      variant="subtle"
                      color="red"
                      size="compact-sm"
                      aria-label={t("databases.remove")}
                      onClick={() => onChange({ ...draft, places: places.filter((one) => one !== place) })}
                    >
                      <IconTrash size={14} aria-hidden />
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  );
}

interface PlaceFieldsProps {
  assetId: string;
  full: boolean;
  onAdd: (places: Place[]) => void;
}

/** Databases, then what is in one: from the server itself, as it is now. */
function PlaceFields({ assetId, full, onAdd }: PlaceFieldsProps) {
  const { t } = useTranslation();
  const [database, setDatabase] = useState<string | null>(null);
  const [schema, setSchema] = useState<string | null>(null);
  const [tables, setTables] = useState<Chosen>("all");
  const [wanted, setWanted] = useState<Privilege[]>(["select"]);
  const databases = useCatalogue({ assetId });
  const hasSchemas = databases.dialect === "postgresql";
  const schemas = useCatalogue({ assetId, database: database ?? "" }, hasSchemas && database !== null);
  const isPlace = database !== null && (!hasSchemas || schema !== null);
  const places = (): Place[] => {
    const where = { database: database ?? "", schema };
    if (tables === "all") return [{ ...where, table: null, privileges: wanted }];
    const ofTables = wanted.filter((each) => each !== "execute");
    return [
      ...(ofTables.length === 0 ? [] : tables.map((table) => ({ ...where, table, privileges: ofTables }))),
      ...(ofTables.length === wanted.length ? [] : [{ ...where, table: null, privileges: ["execute" as const] }]),
    ];
  };
  return (
    <>
      {databases.failure !== null && (
        <Alert color="yellow" role="alert">
          {databases.failure}
        </Alert>
      )}
      <Group grow align="flex-start" preventGrowOverflow={false} wrap="wrap">
        <OneName
          label={t("databases.database")}
          list={databases}
          value={database}
          onChange={(name) => {
            setDatabase(name);
            setSchema(null);
            setTables("all");
          }}
        />
        {hasSchemas && database !== null && (
          <OneName
            label={t("databases.schema")}
            list={schemas}
            value={schema}
            onChange={(name) => {
              setSchema(name);
              setTables("all");
            }}
          />
        )}
      </Group>
      {isPlace && (
        <>
          <CatalogueSelect
            where={{ assetId, database: database ?? "", ...(schema === null ? {} : { schema }) }}
            chosen={tables}
            onChange={setTables}
          />
          <Checkbox.Group
            label={t("databases.privileges")}
            description={[
              t(wanted.every((each) => each === "select") ? "databases.readHint" : "databases.writeHint"),
              ...(wanted.includes("execute") ? [t("databases.routinesHint")] : []),
              ...(hasSchemas ? [t("databases.publicRoutinesHint")] : []),
            ].join(" ")}
            value={wanted}
            onChange={(chosen) => setWanted(privileges.filter((each) => chosen.includes(each)))}
          >
            <Group mt={6} gap="md">
              {privileges.map((each) => (
                <Checkbox key={each} value={each} label={t(`databasePrivilege.${each}`)} />
              ))}
            </Group>
          </Checkbox.Group>
          <Button
            variant="default"
            style={{ alignSelf: "flex-start" }}
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={full || wanted.length === 0 || (tables !== "all" && tables.length === 0)}
            onClick={() => {
              onAdd(places());
              setTables("all");
            }}
          >
            {t("databases.add")}
          </Button>
        </>
      )}
    </>
  );
}

interface OneNameProps {
  label: string;
  list: ReturnType<typeof useCatalogue>;
  value: string | null;
  onChange: (name: string | null) => void;
}

function OneName({ label, list, value, onChange }: OneNameProps) {
  const { t } = useTranslation();
  const names = [...new Set([...list.items.map(({ name }) => name), ...(value === null ? [] : [value])])];
  return (
    <Select
      label={label}
      description={list.more ? t("tickets.typeMore") : undefined}
      placeholder={list.loading ? t("databases.loading") : t("databases.choose")}
      data={names.map((name) => ({ value: name, label: displayText(name) }))}
      value={value}
      onChange={onChange}
      searchable
      searchValue={list.search}
      onSearchChange={list.setSearch}
      filter={({ options }) => options}
      nothingFoundMessage={list.loading ? t("databases.loading") : (list.failure ?? t("list.noMatch"))}
      maxDropdownHeight={280}
    />
  );
}

const without = (place: Place, left: readonly Place[]): readonly Privilege[] =>
  left.find((one) => samePlace(one, place))?.privileges ?? [];

export const databaseView: AskableView<AskedOf<"database">, Draft> = {
  draftFrom: (like, assets) => {
    if (like?.asked.kind !== "database") return { asset: assets[0] ?? null, places: [] };
    const [asset] = like.assets;
    return { asset: asset === undefined ? null : { ...asset, platform: "", accounts: [] }, places: like.asked.places };
  },
  askedOf: ({ asset, places }) => ({ kind: "database", assetId: asset?.id ?? "", places }),
  nameOf: ({ asset, places }) =>
    [
      asset?.name ?? "",
      ...new Set(places.map(({ database, table }) => [database, table].filter((name) => name !== null).join("."))),
    ]
      .filter((name) => name !== "")
      .join(", "),
  Fields: DatabaseFields,
  Facts: function DatabaseFacts({ ticket, asked, given, common }) {
    const { t } = useTranslation();
    return (
      <Stack gap="sm">
        <Facts items={[[t("databases.server"), displayText(ticket.assets[0]?.name ?? asked.assetId)], ...common]} />
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("databases.place")}</Table.Th>
                <Table.Th>{t("databases.privileges")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {asked.places.map((place) => {
                const left = without(place, given.places);
                return (
                  <Table.Tr key={keyOf(place)}>
                    <Table.Td className={classes.place}>
                      {left.length === 0 ? (
                        <s className={classes.dropped}>
                          <PlaceName place={place} />
                        </s>
                      ) : (
                        <PlaceName place={place} />
                      )}
                    </Table.Td>
                    <Table.Td>{struck(place.privileges, left, (each) => t(`databasePrivilege.${each as Privilege}`))}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {asked.places.some(({ schema }) => schema !== null) && (
          <Text size="sm" c="dimmed">
            {t("databases.publicRoutinesHint")}
          </Text>
        )}
      </Stack>
    );
  },
  Narrow: function DatabaseNarrow({ whole, given, onChange }) {
    const { t } = useTranslation();
    const keep = (place: Place, chosen: readonly string[]) => {
      const places = whole.places.flatMap((one) => {
        const left = samePlace(one, place)
          ? one.privileges.filter((each) => chosen.includes(each))
          : [...without(one, given.places)];
        return left.length === 0 ? [] : [{ ...one, privileges: left }];
      });
      onChange({ ...given, places });
    };
    return (
      <Stack gap="sm">
        {whole.places.map((place) => (
          <Checkbox.Group
            key={keyOf(place)}
            label={<PlaceName place={place} />}
            value={[...without(place, given.places)]}
            onChange={(chosen) => keep(place, chosen)}
          >
            <Group mt={6} gap="sm">
              {place.privileges.map((each) => (
                <Checkbox key={each} value={each} label={t(`databasePrivilege.${each}`)} />
              ))}
            </Group>
          </Checkbox.Group>
        ))}
      </Stack>
    );
  },
  isAnything: ({ places }) => places.length > 0,
  Given: DatabaseAccount,
};
