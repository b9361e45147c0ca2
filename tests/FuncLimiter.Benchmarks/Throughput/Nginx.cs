using System.Diagnostics;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Throughput;

/// <summary>nginx in its two parts here: the fixed upstream behind everyone, and the plain proxy that is the yardstick.</summary>
internal static class Nginx
{
    // The limits are told as a provider tells them, and are out of reach.
    private const string Upstream = """
        default_type application/json;
        add_header x-request-id req_bench;
        add_header x-ratelimit-limit-requests 1000000000;
        add_header x-ratelimit-remaining-requests 999999999;
        add_header x-ratelimit-reset-requests 1ms;
        add_header x-ratelimit-limit-tokens 1000000000;
        add_header x-ratelimit-remaining-tokens 999999900;
        add_header x-ratelimit-reset-tokens 1ms;
        return 200 '{"id":"chatcmpl-bench","object":"chat.completion","created":1763683200,"model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"Hello, how can I help you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":9,"total_tokens":33}}';
        """;

    /// <summary>Answers every request at once with the same chat completion.</summary>
    public static Task<ChildProcess> StartUpstream(ScratchFolder scratch, int port) =>
        Start(scratch, "upstream", port, workers: "1", "", Upstream);

    /// <summary>Passes every request on over connections kept open.</summary>
    public static Task<ChildProcess> StartProxy(ScratchFolder scratch, int port, int upstreamPort) => Start(
        scratch,
        "proxy",
        port,
        workers: "auto",
        $"upstream fixed {{ server 127.0.0.1:{upstreamPort}; keepalive 256; keepalive_requests 1000000000; }}",
        """proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://fixed;""");

    private static Task<ChildProcess> Start(ScratchFolder scratch, string name, int port, string workers, string upstream, string location)
    {
        var folder = Directory.CreateDirectory(Path.Combine(scratch.Path, name)).FullName;
        var temporary = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind}; "));
        var configuration = scratch.Write($"{name}.conf", $$"""
            daemon off; worker_processes {{workers}}; pid {{folder}}/pid; error_log stderr warn;
            events { worker_connections 4096; }
            http {
              access_log off; keepalive_requests 1000000000; {{temporary}}
              {{upstream}}
              server { listen 127.0.0.1:{{port}} reuseport; location / { {{location}} } }
            }
            """);
        return ChildProcess.Serve(new ProcessStartInfo(Tool.Nginx.Require(), ["-p", folder, "-e", "stderr", "-c", configuration]), port);
    }
}
