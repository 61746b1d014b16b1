//! X-Ray's tracing header.

/// Which trace a request belongs to: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`
/// (X-Ray's developer guide, "Tracing header").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The trace's id.
    pub id: Option<String>,
    /// The segment of the function in it, if the trace is sampled: what nobody will see needs no segments.
    pub segment: Option<String>,
}

impl Trace {
    /// Reads the header; `None` if it names no trace. It may come from anybody: what isn't of its form isn't passed on.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let field = |name: &str| {
            header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let id = field("Root").filter(|id| is_trace(id))?.to_owned();
        let sampled = field("Sampled") == Some("1");
        let segment = field("Parent").filter(|segment| sampled && is_hexadecimal(segment, 16));
        Some(Self { id: Some(id), segment: segment.map(str::to_owned) })
    }
}

fn is_trace(id: &str) -> bool {
    let mut parts = id.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|time| is_hexadecimal(time, 8))
        && parts.next().is_some_and(|number| is_hexadecimal(number, 24))
        && parts.next().is_none()
}

fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const PARENT: &str = "53995c3f42cd8ad8";

    fn read(header: &str) -> Option<(String, Option<String>)> {
        Trace::parse(header).map(|trace| (trace.id.unwrap(), trace.segment))
    }

    #[test]
    fn reads_the_trace_and_of_a_sampled_one_the_segment() {
        let sampled = Some((ROOT.to_owned(), Some(PARENT.to_owned())));
        assert_eq!(read(&format!("Root={ROOT};Parent={PARENT};Sampled=1")), sampled);
        assert_eq!(read(&format!("Sampled=1; Root={ROOT}; Parent={PARENT}; Lineage=1:a:0")), sampled);
        for header in [
            format!("Root={ROOT};Parent={PARENT};Sampled=0"),
            format!("Root={ROOT};Parent={PARENT}"),
            format!("Root={ROOT};Parent=x;Sampled=1"),
            format!("Root={ROOT}"),
        ] {
            assert_eq!(read(&header), Some((ROOT.to_owned(), None)), "{header}");
        }
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for header in [
            "",
            "x",
            "Root=",
            "Root=1-5759e988",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-\"};",
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
