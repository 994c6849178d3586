using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class SchemeMarkers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Marker",
                schema: "accounts",
                table: "transfers",
                type: "character varying(1)",
                maxLength: 1,
                nullable: false,
                defaultValue: "A");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Marker",
                schema: "accounts",
                table: "transfers");
        }
    }
}
