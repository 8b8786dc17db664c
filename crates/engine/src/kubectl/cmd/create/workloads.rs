//! `kubectl create job`, `cronjob` and `deployment`.
//!
//! Models `pkg/cmd/create/create_{job,cronjob,deployment}.go`.

use super::super::super::Cx;
use super::super::super::args::Parsed;
use super::super::super::builder::{self, Request};
use super::super::super::failure::error;
use super::super::super::session::Io;
use super::super::Done;
use super::{finish, name, table};
use crate::api::{Kind, Value};
use crate::json;

fn texts(words: &[String]) -> Value {
    if words.is_empty() { Value::Null } else { Value::array(words.iter().map(Value::from)) }
}

fn container(name: &str, image: &str, command: &[String]) -> Value {
    Value::object([("name", Value::from(name)), ("image", image.into()), ("command", texts(command))])
}

/// `kubectl create job`
pub fn job(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create job", table!("image from"), words)?;
    let name = name(&p)?.to_owned();
    super::super::common::DryRun::read(&p)?;
    let (image, from) = (p.str("image"), p.str("from"));
    if image.is_empty() == from.is_empty() {
        return error("either --image or --from must be specified");
    }
    if !from.is_empty() && !p.after_dash().is_empty() {
        return error("cannot specify --from and command");
    }
    let body = if from.is_empty() {
        json!({
            "metadata": {"name": (name.as_str())},
            "spec": {"template": {"spec": {
                "containers": [(container(&name, image, p.after_dash()))],
                "restartPolicy": "Never"
            }}}
        })
    } else {
        let namespace = builder::namespace(&p, cx);
        let request = Request { args: vec![from.to_owned()], ..Request { lookup: true, ..Request::default() } };
        let found = builder::find(&request, &namespace, cx, io)?;
        let [info] = found.infos.as_slice() else { return error("from must be an existing cronjob") };
        let cron = info.found();
        if cron.kind() != Kind::CronJob {
            return error(format!("unknown object type *v1.{}", cron.kind().name()));
        }
        let template = cron.at("spec.jobTemplate");
        let mut annotations = template.at("metadata.annotations").clone();
        annotations.make_object();
        if annotations.get("cronjob.kubernetes.io/instantiate").is_none() {
            annotations.make_object().insert("cronjob.kubernetes.io/instantiate", "manual");
        }
        let owner = json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "name": (cron.name()), "uid": (cron.uid()), "controller": true
        });
        let metadata = Value::object([
            ("name", Value::from(name.as_str())),
            ("annotations", annotations),
            ("labels", template.at("metadata.labels").clone()),
            ("ownerReferences", Value::array([owner])),
        ]);
        json!({"metadata": metadata, "spec": (template.at("spec").clone())})
    };
    finish(&p, Kind::Job, body, "failed to create job: ", cx, io)
}

/// `kubectl create cronjob`
pub fn cron_job(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create cronjob", table!("image schedule restart"), words)?;
    p.require(&["image", "schedule"])?;
    let name = name(&p)?.to_owned();
    let restart = p.text("restart").filter(|r| !r.is_empty()).unwrap_or("OnFailure");
    let body = json!({
        "metadata": {"name": (name.as_str())},
        "spec": {
            "schedule": (p.str("schedule")),
            "jobTemplate": {
                "metadata": {"name": (name.as_str())},
                "spec": {"template": {"spec": {
                    "containers": [(container(&name, p.str("image"), p.after_dash()))],
                    "restartPolicy": restart
                }}}
            }
        }
    });
    finish(&p, Kind::CronJob, body, "failed to create cronjob: ", cx, io)
}

/// `kubectl create deployment`
pub fn deployment(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create deployment", table!("image, port# r:replicas#"), words)?;
    p.require(&["image"])?;
    let name = name(&p)?.to_owned();
    let images = p.all("image");
    if images.len() > 1 && !p.after_dash().is_empty() {
        return error("cannot specify multiple --image options and command");
    }
    let containers = images.iter().enumerate().map(|(i, image)| {
        // The container is called after the image, without registry, tag and digest.
        let base = image.rsplit('/').next().unwrap_or(image);
        let base = base.split(['@', ':']).next().unwrap_or(base);
        let mut c = container(base, image, p.after_dash());
        if let Some(port) = p.int("port").filter(|_| i == 0) {
            c.set("ports", json!([{"containerPort": port}]));
        }
        c
    });
    let containers = Value::array(containers);
    let body = json!({
        "metadata": {"name": (name.as_str()), "labels": {"app": (name.as_str())}},
        "spec": {
            "replicas": (p.int("replicas").unwrap_or(1)),
            "selector": {"matchLabels": {"app": (name.as_str())}},
            "template": {
                "metadata": {"labels": {"app": (name.as_str())}},
                "spec": {"containers": containers}
            }
        }
    });
    finish(&p, Kind::Deployment, body, "failed to create deployment: ", cx, io)
}
