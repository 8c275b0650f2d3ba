/** What an operator writes into files and terminals, so that a host becomes one of the fleet. */
import type { PbxDocument } from "../../api/schema";

/** As YAML reads it: in quotes wherever it could be read as something else. */
export function yaml(text: string): string {
  const isPlain = /^[A-Za-z][\w.-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

export function hosts({ name, region }: PbxDocument): string {
  return [
    "    pbx:",
    "      hosts:",
    `        ${yaml(name)}:`,
    "          ansible_host: 192.0.2.21",
    ...(region ? [`          pbx_agent_region: ${yaml(region)}`] : []),
  ].join("\n");
}

export function group(url: string): string {
  return `pbx_agent_control_plane_url: ${yaml(url)}
pbx_agent_package_file: "{{ playbook_dir }}/../../target/debian/pbx-agent_0.1.0-1_amd64.deb"
trunks_list:
  - name: zadarma
    provider: zadarma
    username: "100000"
    password: "{{ vault_zadarma_password }}"
    route_countries: ["+380"]
    caller_id: "+14155550100"`;
}

/** The token goes in a file of its own: arguments can be seen by everybody on the machine. */
export function playbook({ name }: PbxDocument, isAgain: boolean): string {
  const what = isAgain ? "playbooks/rotate_keys.yml --tags agent_keys" : "playbooks/site.yml";
  return `cd ansible
read -rsp 'token: ' TOKEN
(umask 077; echo "pbx_agent_enrolment_token: '$TOKEN'" > token.yml)
ansible-playbook -i inventories/mine/hosts.yml ${what} \\
  --ask-vault-pass --limit ${name} --extra-vars @token.yml
rm token.yml`;
}

export function byHand(url: string, isAgain: boolean): string {
  return `install -o pbx-agent -m 600 /dev/null /run/pbx-agent.token
read -rsp 'token: ' TOKEN && echo "$TOKEN" > /run/pbx-agent.token
runuser -u pbx-agent -- pbx-agent enroll --control-plane ${url} \\
  --token-file /run/pbx-agent.token${isAgain ? " --new-key" : ""}
rm /run/pbx-agent.token
systemctl enable pbx-agent && systemctl restart pbx-agent
runuser -u pbx-agent -- pbx-agent check`;
}
