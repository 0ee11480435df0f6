//! The server's command line.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use latchkey::server::{
    Handed, commands,
    config::{Cli, Command, Config, LogFormat},
    serve,
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(config) => run(*config),
        Command::Backup { data, target } => commands::backup(&data, &target),
        Command::Check { file } => commands::check(&file),
        Command::Export {
            data,
            room,
            html,
            out,
        } => commands::export(&data, room.as_deref(), html, &out),
        Command::Import {
            data,
            name,
            owner,
            from,
            ways_in,
            input,
        } => match from.zip(ways_in) {
            Some((from, ways_in)) => commands::import_from(from, &data, &ways_in, &input),
            None => commands::import(&data, name.as_deref().zip(owner.as_deref()), &input),
        },
        Command::Move { from, to } => commands::move_to(&from, &to),
    }
}

/// Serves until it is told to stop.
fn run(config: Config) -> ExitCode {
    // Below that, tungstenite writes down what people say.
    match EnvFilter::try_new(format!("{},tungstenite=info", config.log)) {
        Ok(filter) => {
            let log = tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .with_ansi(std::io::stderr().is_terminal());
            match config.log_format {
                LogFormat::Text => log.init(),
                LogFormat::Json => log.json().flatten_event(true).init(),
            }
        }
        Err(error) => {
            eprintln!("latchkey: --log: {error}");
            return ExitCode::from(2);
        }
    }
    let handed = Handed::over();
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| {
            let served = runtime.block_on(serve(config, handed));
            // What hangs now is what the server stops for, or in spite of: nobody waits for it.
            runtime.shutdown_background();
            served
        });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latchkey: {error}");
            ExitCode::FAILURE
        }
    }
}
