//! What real kubectl and API server said to 358 manifests, against the manifest modules alone.
use batchyard_engine::api::Value;
use batchyard_engine::manifest;

fn records() -> Vec<(String, Vec<u8>, Value)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rejections");
    let text = std::fs::read_to_string(format!("{dir}/recorded.jsonl")).unwrap();
    text.lines()
        .filter(|l| !l.trim().is_empty())
        .map(|l| {
            let v = Value::from_json(l).unwrap();
            let file = v.str_at("file").to_owned();
            let bytes = std::fs::read(format!("{dir}/manifests/{file}")).unwrap();
            (file, bytes, v)
        })
        .collect()
}

#[test]
fn what_does_not_parse() {
    let mut wrong = 0;
    for (file, bytes, v) in records() {
        let want = v.str_at("create.stderr").lines().find(|l| l.starts_with("error: error parsing")).unwrap_or("");
        let parsed = manifest::parse_bytes(&bytes);
        let got = parsed.error().map(|e| format!("error: error parsing {file}: {}", e.message)).unwrap_or_default();
        if got != want {
            wrong += 1;
            println!("{file}\n  want {want}\n  got  {got}");
        }
    }
    assert_eq!(wrong, 0);
}
