#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of a schema table (see vswitch.schema for its form):

    schema.py json TABLE      the OVSDB schema, RFC 7047 section 3.2
    schema.py embed TABLE     the same as a C string, for ovsdb-tool and ovsdb-server
    schema.py header TABLE    typed rows for clients: what ovsdb/idl/vswitch.h is
    schema.py source TABLE    the tables behind that header
"""
import json
import re
import sys

PREFIX = 'vsw'
CARDINALITY = {'?': (0, 1), '*': (0, 'unlimited'), '+': (1, 'unlimited')}
INT_MIN, INT_MAX = -2**63, 2**63 - 1


class SchemaError(Exception):
    pass


class Base:
    """The type of one atom."""

    def __init__(self, text):
        self.enum = self.ref = self.min = self.max = None
        self.weak = False
        rng = re.fullmatch(r'(-?\d*)\.\.(-?\d*)', text)
        if rng:
            self.kind = 'integer'
            self.min, self.max = (int(x) if x else None for x in rng.groups())
        elif text.startswith('{') and text.endswith('}'):
            self.kind, self.enum = 'string', sorted(text[1:-1].split(','))
        elif text[:2] in ('->', '~>'):
            self.kind, self.ref, self.weak = 'uuid', text[2:], text[0] == '~'
        elif text in ('string', 'integer', 'boolean', 'real', 'uuid'):
            self.kind = text
        else:
            raise SchemaError('unknown type "%s"' % text)

    def json(self):
        out = {'type': self.kind}
        if self.enum:
            out['enum'] = ['set', self.enum]
        if self.ref:
            out['refTable'] = self.ref
            if self.weak:
                out['refType'] = 'weak'
        if self.min is not None:
            out['minInteger'] = self.min
        if self.max is not None:
            out['maxInteger'] = self.max
        return out if len(out) > 1 else self.kind


class Column:
    def __init__(self, words):
        self.name = words.pop(0)
        # "{a,b, c}" may be written with blanks after its commas.
        while words[0].count('{') > words[0].count('}') and len(words) > 1:
            words[0] += words.pop(1)
        key, arrow, value = words.pop(0).partition('=>')
        self.key = Base(key)
        self.value = Base(value) if arrow else None
        self.n_min, self.n_max = 1, 1
        if words and words[0] in CARDINALITY:
            self.n_min, self.n_max = CARDINALITY[words.pop(0)]
        elif words and re.fullmatch(r'\*\d+', words[0]):
            self.n_min, self.n_max = 0, int(words.pop(0)[1:])
        self.ephemeral = 'ephemeral' in words
        self.mutable = 'immutable' not in words
        extra = set(words) - {'ephemeral', 'immutable'}
        if extra:
            raise SchemaError('column %s: unknown word "%s"' % (self.name, extra.pop()))

    def json(self):
        key = self.key.json()
        kind = {'key': key}
        if self.value:
            kind['value'] = self.value.json()
        if self.n_min != 1:
            kind['min'] = self.n_min
        if self.n_max != 1:
            kind['max'] = self.n_max
        out = {'type': key if len(kind) == 1 and isinstance(key, str) else kind}
        if self.ephemeral:
            out['ephemeral'] = True
        if not self.mutable:
            out['mutable'] = False
        return out

    @property
    def scalar(self):
        return self.n_min == 1 and self.n_max == 1

    @property
    def optional(self):
        return self.n_min == 0 and self.n_max == 1


class Table:
    def __init__(self, words):
        self.name = words.pop(0)
        self.root, self.max_rows, self.indexes, self.columns = False, None, [], []
        for word in words:
            if word == 'root':
                self.root = True
            elif word.startswith('max='):
                self.max_rows = int(word[4:])
            elif word.startswith('index='):
                self.indexes.append(word[6:].split(','))
            else:
                raise SchemaError('table %s: unknown word "%s"' % (self.name, word))

    def json(self):
        out = {'columns': {c.name: c.json() for c in self.columns}}
        if self.indexes:
            out['indexes'] = self.indexes
        if self.root:
            out['isRoot'] = True
        if self.max_rows:
            out['maxRows'] = self.max_rows
        return out


class Schema:
    def __init__(self, path):
        self.tables = []
        text = re.sub(r'^#.*', '', open(path, encoding='utf-8').read(), flags=re.M)
        for line in text.replace('\\\n', ' ').splitlines():
            words = line.split()
            if not words:
                continue
            if words[0] == 'database':
                self.name = words[1]
                self.version = re.search(r'version=(\S+)', line).group(1)
                self.cksum = re.search(r'cksum="([^"]*)"', line).group(1)
            elif words[0] == 'table':
                self.tables.append(Table(words[1:]))
            else:
                self.tables[-1].columns.append(Column(words))
        names = {t.name for t in self.tables}
        for table in self.tables:
            for c in table.columns:
                for base in (c.key, c.value):
                    if base and base.ref and base.ref not in names:
                        raise SchemaError('%s.%s refers to no table: %s'
                                          % (table.name, c.name, base.ref))

    def json(self):
        return {'name': self.name, 'version': self.version, 'cksum': self.cksum,
                'tables': {t.name: t.json() for t in self.tables}}


def c_string(text):
    out = []
    for i in range(0, len(text), 80):
        piece = text[i:i + 80].replace('\\', '\\\\').replace('"', '\\"')
        out.append('\t"%s"' % piece)
    return '\n'.join(out)


def embed(schema):
    text = json.dumps(schema.json(), separators=(',', ':'))
    return ('/* Made by gen/schema.py: do not edit. */\n'
            '#include "ovsdb/vswitch_schema.h"\n\n'
            'const char vswitch_schema_json[] =\n%s;\n' % c_string(text))


# C types by the kind of an atom: (type of a value, suffix of the functions in idl.h)
C_ATOM = {'string': ('const char *', 'str'), 'integer': ('int64_t ', 'int'),
          'boolean': ('bool ', 'bool'), 'real': ('double ', 'real'),
          'uuid': ('const struct uuid *', 'uuid')}


def rec(table):
    return '%s_%s' % (PREFIX, table.lower())


def atom(base):
    if base.ref:
        return 'const struct %s *' % rec(base.ref), 'ref'
    return C_ATOM[base.kind]


def cast(base):
    return '(const struct %s *)' % rec(base.ref) if base.ref else ''


def row_of(base, var):
    return '(const struct idl_row *)' + var if base.ref else var


class Accessors:
    """The typed functions of one column. Each is one call of an untyped one in idl.h."""

    def __init__(self, table, column):
        self.rec = rec(table.name)
        self.col = column
        self.id = '%s_%s' % (self.rec.upper(), column.name.upper())
        self.out = []

    def fn(self, kind, name, args, body, head='const struct {rec} *row'):
        head = head.format(rec=self.rec)
        sep = '' if kind.endswith('*') else ' '
        proto = 'static inline %s%s%s_%s(%s%s)' % (
            kind.rstrip() if kind.endswith('*') else kind.strip(), sep, self.rec, name, head, args)
        self.out.append('%s\n{\n\t%s;\n}' % (proto, body))

    def writer(self, name, args, body):
        self.fn('void', name, args, body,
                head='struct idl_txn *txn, const struct {rec} *row')

    def generate(self):
        c = self.col
        r = '(const struct idl_row *)row, ' + self.id
        w = 'txn, (const struct idl_row *)row, ' + self.id
        kt, ks = atom(c.key)
        name = c.name
        if c.value:
            self.map_accessors(r, w, kt, ks)
        elif c.scalar or (c.optional and ks in ('str', 'ref')):
            self.fn(kt, name, '', 'return %sidl_%s(%s)' % (cast(c.key), ks, r))
            self.writer('set_' + name, ', %sv' % kt,
                        'idl_set_%s(%s, %s)' % (ks, w, row_of(c.key, 'v')))
        elif c.optional:
            self.fn('bool', name, ', %s*ret' % kt, 'return idl_opt_%s(%s, ret)' % (ks, r))
            self.writer('set_' + name, ', %sv' % kt, 'idl_set_%s(%s, v)' % (ks, w))
            self.writer('clear_' + name, '', 'idl_clear(%s)' % w)
        else:
            self.fn('size_t', 'n_' + name, '', 'return idl_n(%s)' % r)
            self.fn(kt, name, ', size_t i', 'return %sidl_%s_at(%s, i)' % (cast(c.key), ks, r))
            arr = 'const struct %s *const *v' % rec(c.key.ref) if c.key.ref else \
                  'const char *const *v' if ks == 'str' else 'const %s*v' % kt
            val = '(const struct idl_row *const *)v' if c.key.ref else 'v'
            self.writer('set_' + name, ', %s, size_t n' % arr,
                        'idl_set_%ss(%s, %s, n)' % (ks, w, val))
            self.writer('add_' + name, ', %sv' % kt,
                        'idl_add_%s(%s, %s)' % (ks, w, row_of(c.key, 'v')))
            self.writer('del_' + name, ', %sv' % kt,
                        'idl_del_%s(%s, %s)' % (ks, w, row_of(c.key, 'v')))
        return self.out

    def map_accessors(self, r, w, kt, ks):
        c, name = self.col, self.col.name
        vt, vs = atom(c.value)
        self.fn('size_t', 'n_' + name, '', 'return idl_n(%s)' % r)
        self.fn(kt, name + '_key', ', size_t i', 'return idl_%s_at(%s, i)' % (ks, r))
        self.fn(vt, name + '_value', ', size_t i',
                'return %sidl_%s_value_at(%s, i)' % (cast(c.value), vs, r))
        if vs in ('str', 'ref'):
            self.fn(vt, name, ', %skey' % kt,
                    'return %sidl_%s_%s(%s, key)' % (cast(c.value), ks, vs, r))
        else:
            self.fn('bool', name, ', %skey, %s*ret' % (kt, vt),
                    'return idl_%s_%s(%s, key, ret)' % (ks, vs, r))
        if ks == vs == 'str':
            self.fn('void', name + '_map', ', struct strmap *ret_map',
                    'idl_strmap(%s, ret_map)' % r)
            self.writer('set_' + name, ', const struct strmap *map', 'idl_set_strmap(%s, map)' % w)
        if ks == 'str' and vs == 'int':
            self.writer('set_' + name, ', const char *const *keys, const int64_t *values, size_t n',
                        'idl_set_str_ints(%s, keys, values, n)' % w)
        self.writer('put_' + name, ', %skey, %svalue' % (kt, vt),
                    'idl_put_%s_%s(%s, key, %s)' % (ks, vs, w, row_of(c.value, 'value')))
        self.writer('del_' + name, ', %skey' % kt, 'idl_del_%s(%s, key)' % (ks, w))
        self.writer('clear_' + name, '', 'idl_clear(%s)' % w)


TABLE_FUNCTIONS = '''static inline const struct {rec} *{rec}_first(const struct idl *idl)
{{
	return (const struct {rec} *)idl_first_row(idl, &{rec}_table);
}}
static inline const struct {rec} *{rec}_next(const struct {rec} *row)
{{
	return (const struct {rec} *)idl_next_row((const struct idl_row *)row);
}}
static inline const struct {rec} *{rec}_by_uuid(const struct idl *idl, const struct uuid *uuid)
{{
	return (const struct {rec} *)idl_row_by_uuid(idl, &{rec}_table, uuid);
}}
static inline const struct uuid *{rec}_uuid(const struct {rec} *row)
{{
	return idl_row_uuid((const struct idl_row *)row);
}}
static inline bool {rec}_changed(const struct {rec} *row, unsigned column)
{{
	return idl_row_column_changed((const struct idl_row *)row, column);
}}
static inline const struct {rec} *{rec}_insert(struct idl_txn *txn)
{{
	return (const struct {rec} *)idl_insert(txn, &{rec}_table);
}}
static inline void {rec}_delete(struct idl_txn *txn, const struct {rec} *row)
{{
	idl_delete(txn, (const struct idl_row *)row);
}}
#define {REC}_FOR_EACH(var, idl)                                                        \\
	for (var = {rec}_first(idl); var; var = {rec}_next(var))
#define {REC}_FOR_EACH_SAFE(var, idl)                                                   \\
	for (const struct {rec} *next_##var =                                               \\
		     ((var) = {rec}_first(idl), (var) ? {rec}_next(var) : NULL);            \\
	     var; (var) = next_##var, next_##var = (var) ? {rec}_next(var) : NULL)
'''


def header(schema):
    out = ['/* SPDX-License-Identifier: Apache-2.0 */',
           '/* vswitch: typed rows of the %s database, made by gen/schema.py: do not edit.'
           % schema.name,
           ' * A struct %s_TABLE is a struct idl_row of that table; ovsdb/idl/idl.h has the contract.'
           % PREFIX,
           ' *',
           ' * string, ref     T_C(row), NULL where the column is optional and empty (or the row',
           ' *                 referred to is not in the replica)',
           ' * integer, bool   T_C(row); optional: true T_C(row, &v) if there is one',
           ' * set             T_n_C(row), T_C(row, i), sorted',
           ' * map             T_C(row, key), T_n_C(row), T_C_key(row, i), T_C_value(row, i), T_C_map()',
           ' * writing         T_set_C, T_clear_C, T_add_C, T_del_C, T_put_C with a transaction',
           ' */',
           '#pragma once', '#include "ovsdb/idl/idl.h"', '',
           '#define %s_SCHEMA_VERSION "%s"' % (PREFIX.upper(), schema.version),
           'extern const struct idl_db_def %s_db;' % PREFIX, '']
    for t in schema.tables:
        out.append('struct %s;' % rec(t.name))
    for t in schema.tables:
        name = rec(t.name)
        out += ['', '/* %s */' % t.name, 'extern const struct idl_table_def %s_table;' % name,
                'enum {']
        out += ['\t%s_%s,' % (name.upper(), c.name.upper()) for c in t.columns]
        out += ['};', TABLE_FUNCTIONS.format(rec=name, REC=name.upper())]
        for c in t.columns:
            out += Accessors(t, c).generate()
    return '\n'.join(out) + '\n'


def source(schema):
    out = ['/* Made by gen/schema.py: do not edit. */',
           '#include "ovsdb/idl/vswitch.h"', '#include "ovsdb/vswitch_schema.h"', '']
    for i, t in enumerate(schema.tables):
        name = rec(t.name)
        out.append('static const char *const %s_columns[] = {' % name)
        out += ['\t"%s",' % c.name for c in t.columns]
        out.append('};')
        out.append('const struct idl_table_def %s_table = { .name = "%s", .index = %d, '
                   '.columns = %s_columns, .n_columns = %d };'
                   % (name, t.name, i, name, len(t.columns)))
    out.append('static const struct idl_table_def *const tables[] = {')
    out += ['\t&%s_table,' % rec(t.name) for t in schema.tables]
    out += ['};', 'const struct idl_db_def %s_db = { .name = "%s", .schema_json = '
            'vswitch_schema_json, .tables = tables, .n_tables = %d };'
            % (PREFIX, schema.name, len(schema.tables))]
    return '\n'.join(out) + '\n'


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ('json', 'embed', 'header', 'source'):
        sys.exit(__doc__)
    try:
        schema = Schema(sys.argv[2])
    except SchemaError as e:
        sys.exit('%s: %s' % (sys.argv[2], e))
    if sys.argv[1] == 'json':
        print(json.dumps(schema.json(), indent=2))
    else:
        sys.stdout.write({'embed': embed, 'header': header, 'source': source}[sys.argv[1]](schema))


if __name__ == '__main__':
    main()
