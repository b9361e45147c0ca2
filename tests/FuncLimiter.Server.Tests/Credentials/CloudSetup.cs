using System.Net;
using FuncLimiter.Server.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>The real server process with accounts that no key opens, in front of doubles of what opens them and of what is opened.</summary>
public sealed class CloudSetup : IAsyncLifetime
{
    /// <summary>Models are told apart by their accounts; the name is one that has to be encoded in a path.</summary>
    public const string Model = "anthropic.claude-x-v1:0";

    public const string Role = "arn:aws:iam::123456789012:role/funclimiter";

    private readonly WebApplication _app;
    private ServerFolder _folder = null!;
    private ServerProcess? _server;

    public CloudSetup()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(async context =>
        {
            if (!await Amazon.AnswerAsync(context) && !await Google.AnswerAsync(context) && !await OpenAI.AnswerAsync(context))
            {
                context.Response.StatusCode = 404;
            }
        });
    }

    internal AmazonDouble Amazon { get; } = new();

    internal GoogleDouble Google { get; } = new();

    internal OpenAIDouble OpenAI { get; } = new();

    internal HttpClient Client => _server!.Client;

    internal string Output => _server!.Output;

    /// <summary>The key of the environment.</summary>
    internal string OwnKey { get; private set; } = string.Empty;

    /// <summary>The key of the profile.</summary>
    internal string ProfileKey { get; private set; } = string.Empty;

    /// <summary>The file of profiles, with a key of its own.</summary>
    internal void WriteProfile()
    {
        var (key, secret, _) = Amazon.Make();
        ProfileKey = key;
        File.WriteAllText(Path.Combine(_folder.Root, "credentials"), $"[prod]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    }

    /// <summary>The file of a key: with another that replaces the last one, or with what is given.</summary>
    internal void WriteKey(string? content = null) => File.WriteAllText(KeyFile, content ?? $"{OpenAI.Replace()}\n");

    private string KeyFile => Path.Combine(_folder.Root, "openai.key");

    public async Task InitializeAsync()
    {
        _folder = EmptyFolder();
        await _app.StartAsync();
        var address = new Uri(_app.Urls.Single());
        WriteProfile();
        WriteKey();
        var (key, secret, _) = Amazon.Make();
        OwnKey = key;
        File.WriteAllText(Path.Combine(_folder.Root, "config"), string.Empty);
        var serviceAccount = Path.Combine(_folder.Root, "service-account.json");
        File.WriteAllText(serviceAccount, Google.File(address));
        _folder.With("AWS_ACCESS_KEY_ID", key).With("AWS_SECRET_ACCESS_KEY", secret)
            .With("AWS_SHARED_CREDENTIALS_FILE", Path.Combine(_folder.Root, "credentials"))
            .With("AWS_CONFIG_FILE", Path.Combine(_folder.Root, "config"))
            .With("AWS_EC2_METADATA_DISABLED", "true")
            .With("AWS_ENDPOINT_URL_STS", new Uri(address, "/sts").AbsoluteUri)
            .With("GOOGLE_APPLICATION_CREDENTIALS", serviceAccount);
        _folder.Configure(new
        {
            accounts = new object[]
            {
                Bedrock("own", address, new { }),
                Bedrock("profile", address, new { profile = "prod" }),
                Bedrock("role", address, new { role = Role, externalId = "outside" }),
                Vertex("file", address, new { file = serviceAccount }),
                Vertex("default", address, new { }),
                new { id = "openai", provider = "openai", endpoint = address, apiKeyFile = KeyFile, models = new[] { new { model = "gpt-x", limits = new { rpm = 60000 } } } },
            },
            routes = new object[]
            {
                Route("own", Model), Route("profile", Model), Route("role", Model), Route("file", "google/gemini-x"), Route("default", "google/gemini-x"),
                new { model = "claude-file", targets = new[] { "file/claude-x" } },
                new { model = "role-or-own", targets = new[] { $"role/{Model}" }, fallback = new[] { $"own/{Model}" } },
            },
        });
        _server = await _folder.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder.Dispose();
        await _app.DisposeAsync();
        Google.Dispose();
    }

    private static ServerFolder EmptyFolder() => new("{}");

    private static object Route(string account, string model) => new { model = account, targets = new[] { $"{account}/{model}" } };

    private static object Bedrock(string id, Uri address, object identity) => new
    {
        id,
        provider = "bedrock",
        endpoint = address,
        region = AmazonDouble.Region,
        auth = "aws",
        identity,
        models = new[] { new { model = Model, limits = new { rpm = 6000, tpm = 10_000_000 } } },
    };

    private static object Vertex(string id, Uri address, object identity) => new
    {
        id,
        provider = "vertex",
        endpoint = new Uri(address, "/v1/projects/tests/locations/eu/endpoints/openapi"),
        auth = "google",
        identity,
        models = new[]
        {
            new { model = "google/gemini-x", limits = new { rpm = 6000, tpm = 10_000_000 } },
            new { model = "claude-x", limits = new { rpm = 6000, tpm = 10_000_000 } },
        },
    };
}
