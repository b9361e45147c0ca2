using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FuncLimiter.Server.Importing;

/// <summary>Reads settings in YAML.</summary>
internal static class Yaml
{
    public static YamlMappingNode Load(string yaml)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents is [{ RootNode: YamlMappingNode root }, ..] ? root : throw new FormatException("The file holds no settings.");
        }
        catch (YamlException broken)
        {
            throw new FormatException($"The file is no YAML (line {broken.Start.Line}): {broken.Message}", broken);
        }
    }

    public static YamlMappingNode? Child(YamlMappingNode node, string name) => Value(node, name) as YamlMappingNode;

    public static string? Text(YamlMappingNode node, string name) => Text(Value(node, name));

    public static YamlNode? Value(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    public static string? Text(YamlNode? node) => node is YamlScalarNode { Value: { } text } ? text : null;

    public static double? Number(YamlMappingNode node, string name) =>
        double.TryParse(Text(node, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}
