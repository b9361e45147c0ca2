using System.Text.Json.Serialization;

namespace FuncLimiter.Gateway.Usage;

[JsonSerializable(typeof(string[]))]
internal sealed partial class UsageJson : JsonSerializerContext;
