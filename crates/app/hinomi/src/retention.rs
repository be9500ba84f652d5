//! How long each kind of data is kept: one flag, variable and key for each table of the store.

use crate::amounts::Age;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use hinomi_lake::{Retention, TableId};
use serde::{Deserialize, Deserializer, de};
use std::{collections::HashMap, sync::LazyLock};

/// What is set by flags, variables or the table `[retention]` of the file.
#[derive(Debug, Default, Clone)]
pub struct RetentionSettings([Option<Age>; TableId::COUNT]);

/// The names of the setting of one table.
struct Names {
    table: TableId,
    /// Name with the prefix of its table in the file, such as `retention_rollups_5s`.
    key: String,
    flag: String,
    variable: String,
    help: String,
}

static NAMES: LazyLock<[Names; TableId::COUNT]> = LazyLock::new(|| {
    TableId::ALL.map(|table| {
        let key = format!("retention_{}", table.name());
        let days = table.default_retention().as_secs() / (24 * 3_600);
        Names {
            table,
            flag: key.replace('_', "-"),
            variable: format!("HINOMI_{}", key.to_uppercase()),
            help: format!("How long {} [default: {days}d]", table.retention_help()),
            key,
        }
    })
});

/// The keys of all settings, each with its table in the file as prefix.
pub fn keys() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|names| names.key.as_str())
}

impl RetentionSettings {
    /// The same, with an age for a table.
    #[cfg(test)]
    pub fn with(mut self, table: TableId, age: Age) -> Self {
        self.0[table.position()] = Some(age);
        self
    }

    /// What flags and variables say, otherwise what the file says, otherwise the default.
    pub fn resolve(&self, file: &Self) -> Retention {
        let mut retention = Retention::default();
        for table in TableId::ALL {
            let at = table.position();
            if let Some(age) = self.0[at].or(file.0[at]) {
                retention = retention.keeping(table, age.0);
            }
        }
        retention
    }
}

impl Args for RetentionSettings {
    fn augment_args(command: Command) -> Command {
        NAMES.iter().fold(command, |command, names| {
            command.arg(
                Arg::new(names.key.as_str())
                    .long(names.flag.as_str())
                    .env(names.variable.as_str())
                    .value_name("AGE")
                    .value_parser(value_parser!(Age))
                    .help(names.help.as_str()),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RetentionSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Self::default();
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for names in &*NAMES {
            if let Some(age) = matches.get_one::<Age>(&names.key) {
                self.0[names.table.position()] = Some(*age);
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for RetentionSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = Self::default();
        for (name, age) in HashMap::<String, Age>::deserialize(deserializer)? {
            let table = TableId::parse(&name)
                .ok_or_else(|| de::Error::custom(format!("there is no table {name:?}")))?;
            settings.0[table.position()] = Some(age);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_the_setting_of_every_table_with_its_default() {
        let page = include_str!("../../../../docs/configuration.md");
        for names in &*NAMES {
            let days = names.table.default_retention().as_secs() / (24 * 3_600);
            let (flag, variable) = (&names.flag, &names.variable);
            let name = names.table.name();
            let row = format!(
                "| `--{flag} AGE` | `{variable}` | `{name}` in `[retention]` | `{days}d` |"
            );
            assert!(page.contains(&row), "{row}");
        }
    }
}
