//! Where spans are sent: from what was typed, or what the variables of OpenTelemetry say.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::serve::ConfigError;
use super::{Concealed, ServeSettings, environment};
use crate::logging::otlp::{InvalidOtlp, OtlpEndpoint, OtlpHeaders, OtlpSettings};
use crate::trace::Sample;

/// What the variables of OpenTelemetry say.
#[derive(Clone, Debug, Default)]
pub(super) struct OtelVariables {
    is_disabled: bool,
    exporter: Option<String>,
    protocol: Option<String>,
    endpoint: Option<Concealed>,
    traces_endpoint: Option<Concealed>,
    headers: Option<Concealed>,
    traces_headers: Option<Concealed>,
    service_name: Option<String>,
    resource: Option<String>,
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const TRACES_HEADERS: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
const RESOURCE: &str = "OTEL_RESOURCE_ATTRIBUTES";

impl OtelVariables {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let concealed = |name| environment::text(name).and_then(|text| text.parse().ok());
        Self {
            is_disabled: environment::text("OTEL_SDK_DISABLED")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            exporter: environment::text("OTEL_TRACES_EXPORTER"),
            protocol: environment::text(TRACES_PROTOCOL).or_else(|| environment::text(PROTOCOL)),
            endpoint: concealed(ENDPOINT),
            traces_endpoint: concealed(TRACES_ENDPOINT),
            headers: concealed(HEADERS),
            traces_headers: concealed(TRACES_HEADERS),
            service_name: environment::text("OTEL_SERVICE_NAME"),
            resource: environment::text(RESOURCE),
        }
    }

    /// The collector that they name, if there is to be one.
    fn collector(&self) -> Result<Option<OtlpEndpoint>, ConfigError> {
        let is_off = self.is_disabled || self.exporter.as_deref() == Some("none");
        let endpoint = match (&self.traces_endpoint, &self.endpoint) {
            _ if is_off => return Ok(None),
            (Some(url), _) => usable(TRACES_ENDPOINT, OtlpEndpoint::of_traces(url.reveal()))?,
            (None, Some(url)) => usable(ENDPOINT, url.reveal().parse())?,
            (None, None) => return Ok(None),
        };
        if self.protocol.as_deref() == Some("grpc") {
            return Err(ConfigError::Variable {
                name: PROTOCOL,
                why: "it says grpc, and spans are sent over HTTP; say where with --otlp-endpoint, or off".to_owned(),
            });
        }
        Ok(Some(endpoint))
    }
}

fn usable<T>(name: &'static str, parsed: Result<T, InvalidOtlp>) -> Result<T, ConfigError> {
    parsed.map_err(|error| ConfigError::Variable {
        name,
        why: error.to_string(),
    })
}

/// Takes the settings of tracing out of all settings; `None` if there is none.
pub(super) fn resolve(
    settings: &mut ServeSettings,
    otel: &OtelVariables,
    ca_file: Option<&Path>,
) -> Result<Option<OtlpSettings>, ConfigError> {
    let sample = settings.otlp_sample.take();
    let endpoint = match settings.otlp_endpoint.take() {
        Some(text) if text.reveal() == "off" => None,
        Some(text) => {
            let endpoint = text.reveal().parse();
            Some(
                endpoint.map_err(|error: InvalidOtlp| ConfigError::Unusable {
                    key: "otlp-endpoint",
                    why: error.to_string(),
                })?,
            )
        }
        None => otel.collector()?,
    };
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    let (name, headers) = match (&otel.traces_headers, &otel.headers) {
        (Some(headers), _) => (TRACES_HEADERS, headers.reveal()),
        (None, Some(headers)) => (HEADERS, headers.reveal()),
        (None, None) => (HEADERS, ""),
    };
    let resource = OtlpSettings::resource(
        otel.service_name.as_deref(),
        otel.resource.as_deref().unwrap_or_default(),
    );
    Ok(Some(OtlpSettings {
        endpoint,
        headers: usable(name, headers.parse::<OtlpHeaders>())?,
        resource: usable(RESOURCE, resource)?,
        sample: sample.unwrap_or(Sample::ALL),
        ca_file: ca_file.map(Path::to_owned),
    }))
}

/// A [`Sample`] in the file: a number, or its text.
pub(super) fn some_sample<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Sample>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Number(number) => number.to_string(),
        Written::Text(text) => text,
    };
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: Option<&str>) -> ServeSettings {
        ServeSettings {
            otlp_endpoint: endpoint.map(|text| text.parse().unwrap()),
            ..ServeSettings::default()
        }
    }

    fn concealed(text: &str) -> Option<Concealed> {
        text.parse().ok()
    }

    fn endpoint(typed: Option<&str>, otel: &OtelVariables) -> Option<String> {
        let resolved = resolve(&mut settings(typed), otel, None).unwrap();
        resolved.map(|settings| settings.endpoint.to_string())
    }

    #[test]
    fn the_operator_then_the_variables() {
        let nothing = OtelVariables::default();
        let variables = OtelVariables {
            endpoint: concealed("http://b:4318"),
            ..OtelVariables::default()
        };
        let for_traces = OtelVariables {
            traces_endpoint: concealed("http://c/in"),
            ..variables.clone()
        };
        let a = "http://a/v1/traces";
        for (typed, otel, expected) in [
            (None, &nothing, None),
            (Some("off"), &variables, None),
            (Some("http://a"), &nothing, Some(a)),
            (Some("http://a"), &for_traces, Some(a)),
            (None, &variables, Some("http://b:4318/v1/traces")),
            (None, &for_traces, Some("http://c/in")),
        ] {
            assert_eq!(endpoint(typed, otel).as_deref(), expected, "{typed:?}");
        }
    }

    #[test]
    fn variables_turn_it_off() {
        let on = OtelVariables {
            endpoint: concealed("http://b:4318"),
            ..OtelVariables::default()
        };
        let disabled = OtelVariables {
            is_disabled: true,
            ..on.clone()
        };
        let none = OtelVariables {
            exporter: Some("none".to_owned()),
            ..on
        };
        for otel in [disabled, none] {
            assert_eq!(endpoint(None, &otel), None);
            assert!(endpoint(Some("http://a"), &otel).is_some());
        }
    }

    #[test]
    fn mistakes_are_told_without_secrets() {
        let variables = [
            OtelVariables {
                endpoint: concealed("hunter2"),
                ..OtelVariables::default()
            },
            OtelVariables {
                endpoint: concealed("http://b"),
                protocol: Some("grpc".to_owned()),
                ..OtelVariables::default()
            },
            OtelVariables {
                endpoint: concealed("http://b"),
                headers: concealed("hunter2"),
                ..OtelVariables::default()
            },
        ];
        for otel in variables {
            let error = resolve(&mut settings(None), &otel, None).unwrap_err();
            let said = error.to_string();
            assert!(said.starts_with("the variable OTEL_"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        let typed = resolve(
            &mut settings(Some("hunter2")),
            &OtelVariables::default(),
            None,
        );
        let said = typed.unwrap_err().to_string();
        assert!(
            said.contains("otlp-endpoint") && !said.contains("hunter2"),
            "{said}"
        );
    }
}
